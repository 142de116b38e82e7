#include "kv/store/home_device.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "corering/testing/simulated_device.h"

namespace {

using corering::cache::DeviceRequest;
using kv::HomeDevice;

struct Asker {
  void on_end(std::int64_t ended) {
    result = ended;
    ++ends;
    was_telling = device->is_telling();
  }

  HomeDevice* device = nullptr;
  DeviceRequest request = DeviceRequest::to<&Asker::on_end>(this);
  std::int64_t result = -1;
  int ends = 0;
  bool was_telling = false;
};

class HomeDeviceTest : public testing::Test {
 protected:
  HomeDeviceTest() {
    asker.device = &device;
    device.set_on_end([](void* self) { ++static_cast<HomeDeviceTest*>(self)->told; }, this);
  }

  int told = 0;
  HomeDevice device{std::make_unique<corering::testing::SimulatedDevice>(1 << 20, 1)};
  Asker asker;
  std::array<std::byte, 4096> block{};
};

TEST_F(HomeDeviceTest, AtHomeItPassesEverythingOn) {
  block.fill(std::byte{7});
  device.write(asker.request, 4096, block);
  EXPECT_EQ(device.in_flight(), 1u);
  device.poll();
  EXPECT_EQ(asker.result, 4096);
  EXPECT_TRUE(asker.was_telling);
  EXPECT_FALSE(device.is_telling());
  EXPECT_EQ(told, 1);
  std::array<std::byte, 4096> read{};
  device.read(asker.request, 4096, read);
  device.poll();
  EXPECT_EQ(read, block);
  device.sync(asker.request);
  device.poll();
  EXPECT_EQ(asker.result, 0);
  EXPECT_EQ(asker.ends, 3);
  EXPECT_EQ(device.in_flight(), 0u);
}

TEST_F(HomeDeviceTest, WhatIsWantedAwayWaitsUntilItIsHome) {
  device.leave();
  device.write(asker.request, 0, block);
  device.poll();
  EXPECT_EQ(device.in_flight(), 0u);
  EXPECT_EQ(asker.ends, 0);
  device.come_home();
  EXPECT_EQ(device.in_flight(), 1u);
  device.poll();
  EXPECT_EQ(asker.ends, 1);
}

TEST_F(HomeDeviceTest, WhatHasEndedMeanwhileIsToldAtHome) {
  auto inner = std::make_unique<corering::testing::SimulatedDevice>(1 << 20, 1);
  corering::testing::SimulatedDevice& disk = *inner;
  HomeDevice lent(std::move(inner));
  asker.device = &lent;
  lent.write(asker.request, 0, block);
  lent.leave();
  disk.poll();
  EXPECT_EQ(lent.in_flight(), 0u);
  EXPECT_EQ(asker.ends, 0);
  EXPECT_TRUE(asker.request.in_flight());
  lent.come_home();
  EXPECT_EQ(asker.ends, 1);
  EXPECT_EQ(asker.result, 4096);
}

}  // namespace
