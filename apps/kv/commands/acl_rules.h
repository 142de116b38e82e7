// The language of ACL SETUSER: "on", ">password", "~key*", "%R~key*", "&channel*", "+get", "-@dangerous", ... and users written in it.
//
// Thread: any; the User is the caller's.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kv/server/access.h"

namespace kv {

// The categories that commands can be of, in Redis's order, without the @.
std::span<const std::string_view> acl_categories() noexcept;

// Empty, or why the user was not changed.
std::string apply_rule(User& user, std::string_view rule);

// "+@all", "-@all +get".
std::string describe_commands(const User& user);
// "~* %R~a*", "&*".
std::string describe_keys(const User& user);
std::string describe_channels(const User& user);

// "user default on nopass ~* &* +@all".
std::string describe(const User& user);

}  // namespace kv
