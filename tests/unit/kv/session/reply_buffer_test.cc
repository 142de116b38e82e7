#include "kv/session/reply_buffer.h"

#include <gtest/gtest.h>

#include <string>

#include "kv/protocol/resp_writer.h"

namespace {

using kv::ReplyBuffer;
using kv::protocol::Pin;
using kv::protocol::RespWriter;

struct Taken {
  std::string text;
  int references = 0;

  void take(ReplyBuffer& buffer, std::size_t end) {
    buffer.take(
        end, [this](std::string_view part) { text += part; },
        [this](std::string_view bytes, Pin pin) {
          text.append("<").append(bytes).append(">");
          ++references;
          pin.release(pin.owner);
        });
  }
};

TEST(ReplyBuffer, GivesEachReplyInItsTurn) {
  ReplyBuffer buffer;
  RespWriter(buffer).ok();
  const std::size_t first = buffer.size();
  RespWriter(buffer).bulk("value");
  const std::size_t second = buffer.size();
  Taken one;
  one.take(buffer, first);
  EXPECT_EQ(one.text, "+OK\r\n");
  Taken other;
  other.take(buffer, second);
  EXPECT_EQ(other.text, "$5\r\nvalue\r\n");
}

TEST(ReplyBuffer, KeepsReferencesInTheirPlace) {
  ReplyBuffer buffer;
  int released = 0;
  const Pin pin{[](void* owner) noexcept { ++*static_cast<int*>(owner); }, &released};
  {
    RespWriter writer(buffer);
    writer.integer(1);
    writer.bulk_reference("large", pin);
    writer.bulk_reference("larger", pin);
  }
  EXPECT_TRUE(buffer.has_references());
  Taken all;
  all.take(buffer, buffer.size());
  EXPECT_EQ(all.text, ":1\r\n$5\r\n<large>\r\n$6\r\n<larger>\r\n");
  EXPECT_EQ(all.references, 2);
  EXPECT_EQ(released, 2);
  EXPECT_FALSE(buffer.has_references());
}

TEST(ReplyBuffer, GrowsWithWhatIsWritten) {
  ReplyBuffer buffer;
  std::string expected;
  for (int number = 0; number < 2000; ++number) {
    const std::string value(static_cast<std::size_t>(number), 'x');
    RespWriter(buffer).bulk(value);
    expected.append("$").append(std::to_string(number)).append("\r\n").append(value).append("\r\n");
  }
  Taken all;
  all.take(buffer, buffer.size());
  EXPECT_TRUE(all.text == expected);
  buffer.clear();
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(ReplyBufferDeathTest, ReferencesAreNotLost) {
  EXPECT_DEATH(
      {
        ReplyBuffer buffer;
        buffer.refer("bytes", {});
      },
      "references of a reply are lost");
}

}  // namespace
