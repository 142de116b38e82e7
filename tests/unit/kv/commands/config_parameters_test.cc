#include "kv/commands/config_parameters.h"

#include <gtest/gtest.h>

namespace {

using namespace kv;

std::string set(Configuration& configuration, std::string_view name, std::string_view value) {
  const Parameter* const parameter = find_parameter(name);
  return parameter->set(configuration, *parameter, value);
}

std::string get(const Configuration& configuration, std::string_view name) {
  const Parameter* const parameter = find_parameter(name);
  return parameter->get(configuration, *parameter);
}

TEST(ConfigParameters, AreFoundInAnyCase) {
  EXPECT_EQ(find_parameter("MaxMemory"), find_parameter("maxmemory"));
  EXPECT_EQ(find_parameter("nosuch"), nullptr);
  EXPECT_EQ(find_parameter("port")->set, nullptr) << "fixed at start";
}

TEST(ConfigParameters, MemoryHasUnitsAndALeast) {
  Configuration configuration;
  configuration.cores = 2;
  configuration.l1_bytes = configuration.l1_bytes_at_start = 7 << 20;
  EXPECT_EQ(set(configuration, "maxmemory", "64mb"), "");
  EXPECT_EQ(configuration.l1_bytes, std::size_t{64} << 20);
  EXPECT_EQ(set(configuration, "maxmemory", "3M"), "");
  EXPECT_EQ(get(configuration, "maxmemory"), "3000000");
  EXPECT_EQ(set(configuration, "maxmemory", "0"), "");
  EXPECT_EQ(configuration.l1_bytes, std::size_t{7} << 20) << "as it began";
  EXPECT_NE(set(configuration, "maxmemory", "1mb"), "") << "2 cores need 2";
  for (const std::string_view text : {"", "x", "-1", "1tb", "1 mb", "99999999999999999999", "9999999999gb"}) {
    EXPECT_EQ(set(configuration, "maxmemory", text), "argument must be a memory value") << text;
  }
}

TEST(ConfigParameters, OutputLimitsOfClientsAreSetByClass) {
  Configuration configuration;
  EXPECT_EQ(set(configuration, "client-output-buffer-limit", "normal 1mb 2kb 3 pubsub 4 5 6"), "");
  EXPECT_EQ(get(configuration, "client-output-buffer-limit"), "normal 1048576 2048 3 slave 268435456 67108864 60 pubsub 4 5 6");
  EXPECT_EQ(set(configuration, "client-output-buffer-limit", "normal 1"),
            "Wrong number of arguments in buffer limit configuration.");
  EXPECT_EQ(set(configuration, "client-output-buffer-limit", "other 1 2 3"),
            "Invalid client class specified in buffer limit configuration.");
  EXPECT_EQ(set(configuration, "client-output-buffer-limit", "normal 1 2 -3"),
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
}

TEST(ConfigParameters, WhatMeansNothingIsCheckedAndRemembered) {
  Configuration configuration;
  EXPECT_EQ(get(configuration, "hz"), "10");
  EXPECT_EQ(set(configuration, "hz", "x"), "argument couldn't be parsed into an integer");
  EXPECT_EQ(set(configuration, "hz", "20"), "");
  EXPECT_EQ(get(configuration, "hz"), "20");
  EXPECT_EQ(set(configuration, "activedefrag", "maybe"), "argument must be 'yes' or 'no'");
  EXPECT_EQ(set(configuration, "activedefrag", "YES"), "");
  EXPECT_EQ(get(configuration, "activedefrag"), "yes");
  EXPECT_EQ(set(configuration, "loglevel", "loud"), "argument(s) must be one of the following: debug, verbose, notice, warning");
  EXPECT_EQ(set(configuration, "save", "60 1 300"), "Invalid save parameters");
  EXPECT_EQ(set(configuration, "save", "60 1"), "");
  EXPECT_EQ(get(configuration, "save"), "60 1");
}

TEST(ConfigParameters, NobodyIsToldOfALogOfCommandsThatIsNotThere) {
  Configuration configuration;
  EXPECT_EQ(set(configuration, "appendonly", "no"), "");
  EXPECT_NE(set(configuration, "appendonly", "yes"), "");
  EXPECT_EQ(get(configuration, "appendonly"), "no");
}

// Whatever is shown can be set again.
TEST(ConfigParameters, ValuesGoRoundAndRound) {
  Configuration configuration;
  configuration.l1_bytes = configuration.l1_bytes_at_start = std::size_t{64} << 20;
  for (const Parameter& parameter : parameters()) {
    if (parameter.set == nullptr) continue;
    const std::string value = parameter.get(configuration, parameter);
    EXPECT_EQ(parameter.set(configuration, parameter, value), "") << parameter.name << " = " << value;
    EXPECT_EQ(parameter.get(configuration, parameter), value) << parameter.name;
  }
}

}  // namespace
