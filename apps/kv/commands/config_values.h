// How the values of CONFIG's parameters are written and read, as texts. Used by their table only.
#pragma once

#include <string>
#include <string_view>

namespace kv {

struct Configuration;
struct Parameter;

std::string get_bind(const Configuration& configuration, const Parameter& parameter);
std::string get_clients_max(const Configuration& configuration, const Parameter& parameter);
std::string get_cluster(const Configuration& configuration, const Parameter& parameter);
std::string get_databases(const Configuration& configuration, const Parameter& parameter);
std::string get_debug(const Configuration& configuration, const Parameter& parameter);
std::string get_latency(const Configuration& configuration, const Parameter& parameter);
std::string get_memory(const Configuration& configuration, const Parameter& parameter);
std::string get_output_limits(const Configuration& configuration, const Parameter& parameter);
std::string get_password(const Configuration& configuration, const Parameter& parameter);
std::string get_policy(const Configuration& configuration, const Parameter& parameter);
std::string get_port(const Configuration& configuration, const Parameter& parameter);
std::string get_remembered(const Configuration& configuration, const Parameter& parameter);
std::string get_slowlog_count(const Configuration& configuration, const Parameter& parameter);
std::string get_slowlog_us(const Configuration& configuration, const Parameter& parameter);
std::string get_timeout(const Configuration& configuration, const Parameter& parameter);
std::string get_unix_socket(const Configuration& configuration, const Parameter& parameter);
std::string get_value_bytes(const Configuration& configuration, const Parameter& parameter);

std::string set_choice(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_flag(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_latency(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_memory(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_number(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_off(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_output_limits(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_password(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_policy(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_remembered_bytes(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_save(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_slowlog_count(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_slowlog_us(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_text(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_timeout(Configuration& configuration, const Parameter& parameter, std::string_view value);
std::string set_value_bytes(Configuration& configuration, const Parameter& parameter, std::string_view value);

}  // namespace kv
