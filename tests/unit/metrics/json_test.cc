#include "corering/metrics/json.h"

#include <gtest/gtest.h>

namespace {

using namespace corering::metrics;

TEST(Json, StringsAreEscaped) {
  EXPECT_EQ(json_string("plain"), "\"plain\"");
  EXPECT_EQ(json_string("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(json_string(std::string_view("\n\x01\0", 3)), "\"\\u000a\\u0001\\u0000\"");
  EXPECT_EQ(json_string("\xc3\xa4"), "\"\xc3\xa4\"");
}

TEST(Json, HasEverySeriesAndHistogramsInFullResolution) {
  Counter turns;
  Histogram turn;
  Registry registry;
  registry.add({"turns", "Turns", {{"core", "0"}}}, turns);
  registry.add({"turn_ns", "", {}}, turn);
  turns.add(17);
  turn.record(3);
  turn.record(1000, 2);
  EXPECT_EQ(
      to_json(registry.collect()),
      "[{\"name\":\"turns\",\"kind\":\"counter\",\"help\":\"Turns\",\"series\":[{\"labels\":{\"core\":\"0\"},\"value\":17}]},\n"
      "{\"name\":\"turn_ns\",\"kind\":\"histogram\",\"help\":\"\",\"series\":[{\"labels\":{},\"count\":3,\"sum\":2003,"
      "\"steps\":[[3,1],[" +
          std::to_string(HistogramSteps::of(1000)) + ",2]]}]}]");
}

TEST(Json, OfNothingIsAnEmptyList) { EXPECT_EQ(to_json({}), "[]"); }

}  // namespace
