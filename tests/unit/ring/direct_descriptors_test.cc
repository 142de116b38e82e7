#include "corering/ring/direct_descriptors.h"

#include "real_ring.h"

namespace ring_test {
namespace {

class DirectDescriptors : public RealRing {
 protected:
  sys::Fd listener{std::move(*sys::claim_listen_socket(*sys::SocketAddress::parse_ip("127.0.0.1", 0)))};

  sys::Fd connect() {
    const auto bound = sys::SocketAddress::bound_to(listener.value());
    sys::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.value(), bound->data(), bound->bytes()), 0);
    return client;
  }

  ring::IoResult accept() {
    Recorder recorder;
    ring::prepare_accept(ring().require_sqe(recorder.completion), file(listener.value()), ring::AcceptInto::direct_slots);
    finish(recorder);
    return recorder.results[0];
  }
};

TEST_F(DirectDescriptors, ASlotServesAConnectionAndIsUsedAgain) {
  auto table = ring::DirectDescriptors::open(ring(), 1);
  ASSERT_TRUE(table) << table.error().text;
  for (int round = 0; round < 3; ++round) {
    const sys::Fd client = connect();
    const ring::IoResult accepted = accept();
    ASSERT_EQ(accepted.value, 0);
    const std::string text = "through the slot";
    Recorder send;
    ring::prepare_send(ring().require_sqe(send.completion), slot(0), base::bytes_of(text));
    finish(send);
    EXPECT_EQ(send.results[0].value, static_cast<int>(text.size()));
    Recorder close;
    ring::prepare_close(ring().require_sqe(close.completion), slot(0));
    finish(close);
    EXPECT_EQ(close.results[0].value, 0);
    std::string got(64, '\0');
    EXPECT_EQ(::read(client.value(), got.data(), got.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::read(client.value(), got.data(), got.size()), 0) << "closing the slot ends the stream";
  }
}

// Why connections are capped below the table size.
TEST_F(DirectDescriptors, AFullTableDropsTheClient) {
  auto table = ring::DirectDescriptors::open(ring(), 1);
  ASSERT_TRUE(table);
  const sys::Fd served = connect();
  ASSERT_EQ(accept().value, 0);
  const sys::Fd dropped = connect();
  EXPECT_EQ(accept().value, -ENFILE);
  char byte = 0;
  EXPECT_LE(::read(dropped.value(), &byte, 1), 0);
  Recorder close;
  ring::prepare_close(ring().require_sqe(close.completion), slot(0));
  finish(close);
}

}  // namespace
}  // namespace ring_test
