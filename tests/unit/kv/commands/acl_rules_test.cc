#include "kv/commands/acl_rules.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>

#include "kv/commands/command.h"

namespace {

using namespace kv;
using Words = std::initializer_list<std::string_view>;

User user_with(Words rules) {
  User user;
  user.name = "u";
  user.is_enabled = false;
  for (const std::string_view rule : rules) EXPECT_EQ(apply_rule(user, rule), "") << rule;
  return user;
}

Refusal::Reason ask(const User& user, Words words) {
  const Command* command = find_command(*words.begin());
  if (!command->subcommands.empty()) {
    for (const Command& subcommand : command->subcommands) {
      if (subcommand.name == std::string(words.begin()[0]) + "|" + std::string(words.begin()[1])) command = &subcommand;
    }
  }
  return user.is_unrestricted ? Refusal::Reason::none : refusal(user, *command, {words.begin(), words.size()}).reason;
}

constexpr auto kNone = Refusal::Reason::none;
constexpr auto kCommand = Refusal::Reason::command;
constexpr auto kKey = Refusal::Reason::key;
constexpr auto kChannel = Refusal::Reason::channel;

TEST(AclRules, ANewUserMayNothing) {
  const User user = user_with({});
  EXPECT_FALSE(user.is_unrestricted);
  EXPECT_EQ(ask(user, {"get", "a"}), kCommand);
  EXPECT_EQ(describe(user), "user u off resetchannels -@all");
}

TEST(AclRules, TheDefaultUserMayEverything) {
  Access access;
  EXPECT_TRUE(access.default_user().is_unrestricted);
  EXPECT_EQ(describe(access.default_user()), "user default on nopass ~* &* +@all");
}

TEST(AclRules, TheLastRuleThatFitsDecides) {
  const User user = user_with({"allkeys", "+@all", "-@dangerous", "+config|get", "-get"});
  EXPECT_EQ(ask(user, {"set", "a", "1"}), kNone);
  EXPECT_EQ(ask(user, {"get", "a"}), kCommand);
  EXPECT_EQ(ask(user, {"flushall"}), kCommand);
  EXPECT_EQ(ask(user, {"config", "get", "x"}), kNone);
  EXPECT_EQ(ask(user, {"config", "set", "x", "y"}), kCommand);
}

TEST(AclRules, ACommandStandsForItsSubcommands) {
  EXPECT_EQ(ask(user_with({"+config"}), {"config", "set", "x", "y"}), kNone);
  EXPECT_EQ(ask(user_with({"+@all", "-config"}), {"config", "get", "x"}), kCommand);
}

TEST(AclRules, RulesThatALaterOneMakesVoidAreForgotten) {
  EXPECT_EQ(describe_commands(user_with({"+get", "+@read"})), "-@all +@read");
  EXPECT_EQ(describe_commands(user_with({"+config|get", "-config"})), "-@all -config");
  EXPECT_EQ(describe_commands(user_with({"+get", "-set", "+@all"})), "+@all");
  EXPECT_EQ(describe_commands(user_with({"+@all", "-get", "-@all"})), "-@all");
}

TEST(AclRules, KeysMayBeReadOrWrittenOrBoth) {
  const User user = user_with({"+@all", "%R~r*", "%W~w*", "~b*"});
  EXPECT_EQ(ask(user, {"get", "r1"}), kNone);
  EXPECT_EQ(ask(user, {"get", "w1"}), kKey);
  EXPECT_EQ(ask(user, {"set", "w1", "x"}), kNone);
  EXPECT_EQ(ask(user, {"set", "w1", "x", "GET"}), kKey) << "this one reads, too";
  EXPECT_EQ(ask(user, {"set", "r1", "x"}), kKey);
  EXPECT_EQ(ask(user, {"incr", "b1"}), kNone);
  EXPECT_EQ(ask(user, {"incr", "w1"}), kKey);
  EXPECT_EQ(ask(user, {"copy", "r1", "w1"}), kNone);
  EXPECT_EQ(ask(user, {"copy", "w1", "r1"}), kKey);
  EXPECT_EQ(ask(user, {"mget", "r1", "b1", "x"}), kKey);
  EXPECT_EQ(ask(user, {"exists", "w1"}), kNone) << "shows nothing of the value";
  EXPECT_EQ(ask(user, {"bitfield", "r1", "get", "u8", "0"}), kNone);
  EXPECT_EQ(ask(user, {"bitfield", "r1", "set", "u8", "0", "1"}), kKey);
}

TEST(AclRules, RightsOnOnePatternAddUp) { EXPECT_EQ(describe_keys(user_with({"%R~a*", "%W~a*", "%r~b", "%RW~c"})), "~a* %R~b ~c"); }

TEST(AclRules, ChannelsAreMatchedAndPatternsAreCompared) {
  const User user = user_with({"+@all", "allkeys", "&news*"});
  EXPECT_EQ(ask(user, {"publish", "news.today", "x"}), kNone);
  EXPECT_EQ(ask(user, {"publish", "other", "x"}), kChannel);
  EXPECT_EQ(ask(user, {"subscribe", "news.today", "other"}), kChannel);
  EXPECT_EQ(ask(user, {"psubscribe", "news*"}), kNone);
  EXPECT_EQ(ask(user, {"psubscribe", "news.*"}), kChannel);
}

TEST(AclRules, PasswordsAreKeptAsDigests) {
  const std::string digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";  // of "secret"
  EXPECT_EQ(sha256("secret"), digest);
  User user = user_with({">secret"});
  ASSERT_EQ(user.passwords.size(), 1u);
  EXPECT_EQ(user.passwords[0], digest);
  EXPECT_EQ(apply_rule(user, "#" + digest), "");
  EXPECT_EQ(user.passwords.size(), 1u);
  EXPECT_EQ(apply_rule(user, "<other"), "The password you are trying to remove from the user does not exist");
  EXPECT_EQ(apply_rule(user, "!" + digest), "");
  EXPECT_TRUE(user.passwords.empty());
  EXPECT_TRUE(user.needs_password);
}

TEST(AclRules, RefusesWhatItDoesNotUnderstand) {
  User user = user_with({"~*", "&*"});
  EXPECT_EQ(apply_rule(user, ""), "Syntax error");
  EXPECT_EQ(apply_rule(user, "maybe"), "Syntax error");
  EXPECT_EQ(apply_rule(user, "+nosuch"), "Unknown command or category name in ACL");
  EXPECT_EQ(apply_rule(user, "+@nosuch"), "Unknown command or category name in ACL");
  EXPECT_EQ(apply_rule(user, "+config|nosuch"), "Unknown command or category name in ACL");
  EXPECT_EQ(apply_rule(user, "%X~a"), "Syntax error");
  EXPECT_EQ(apply_rule(user, "%~a"), "Syntax error");
  EXPECT_TRUE(apply_rule(user, "~a").starts_with("Adding a pattern after the * pattern"));
  EXPECT_TRUE(apply_rule(user, "&a").starts_with("Adding a pattern after the * pattern"));
  EXPECT_TRUE(apply_rule(user, "#abc").starts_with("The password hash must be exactly 64 characters"));
  EXPECT_EQ(apply_rule(user, "(+get ~a)"), "Selectors are not supported by this server");
}

TEST(Access, AuthenticatesByDigest) {
  Access access;
  User& user = access.require("bob");
  EXPECT_EQ(access.authenticate("bob", "secret"), nullptr) << "it is off";
  apply_rule(user, "on");
  apply_rule(user, ">secret");
  EXPECT_EQ(access.authenticate("bob", "secret"), &user);
  EXPECT_EQ(access.authenticate("bob", "secre"), nullptr);
  EXPECT_EQ(access.authenticate("bob", user.passwords[0]), nullptr) << "the digest is no password";
  access.remove(user);
  EXPECT_EQ(access.find("bob"), nullptr);
  EXPECT_EQ(access.authenticate("bob", "secret"), nullptr);
  EXPECT_NE(&access.require("bob"), &user);
}

TEST(Access, OneRefusalAgainAndAgainIsOneEntryOfTheLog) {
  Access access;
  AccessLogEntry entry;
  entry.reason = "auth";
  entry.user = "bob";
  entry.at_ms = 1000;
  access.log(entry);
  entry.at_ms = 61'000;
  access.log(entry);
  ASSERT_EQ(access.log_entries().size(), 1u);
  EXPECT_EQ(access.log_entries()[0].count, 2u);
  entry.at_ms = 121'001;
  access.log(entry);
  EXPECT_EQ(access.log_entries().size(), 2u);
  for (int index = 0; index < 200; ++index) {
    entry.object = std::to_string(index);
    access.log(entry);
  }
  EXPECT_EQ(access.log_entries().size(), Access::kLogEntriesMax);
}

}  // namespace
