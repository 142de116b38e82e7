// The live page of the admin endpoint: admin_page.html, embedded at build time.
#pragma once

#include <string_view>

namespace corering::net {

extern const std::string_view kAdminPage;

}  // namespace corering::net
