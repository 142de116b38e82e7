// The handlers of commands that are about the server and its clients: CLIENT, CONFIG, INFO, ACL, CLUSTER and their like. As in Redis 7.0.
//
// What needs other cores travels (server/tour.h); everything else is answered at once.
#pragma once

namespace kv {

struct Call;

void acl_cat_command(Call& call);
void acl_deluser_command(Call& call);
void acl_dryrun_command(Call& call);
void acl_genpass_command(Call& call);
void acl_getuser_command(Call& call);
void acl_help_command(Call& call);
void acl_list_command(Call& call);
void acl_load_command(Call& call);
void acl_log_command(Call& call);
void acl_save_command(Call& call);
void acl_setuser_command(Call& call);
void acl_users_command(Call& call);
void acl_whoami_command(Call& call);
void asking_command(Call& call);
void bgrewriteaof_command(Call& call);
void bgsave_command(Call& call);
void client_caching_command(Call& call);
void client_getname_command(Call& call);
void client_getredir_command(Call& call);
void client_help_command(Call& call);
void client_id_command(Call& call);
void client_info_command(Call& call);
void client_kill_command(Call& call);
void client_list_command(Call& call);
void client_no_evict_command(Call& call);
void client_no_touch_command(Call& call);
void client_pause_command(Call& call);
void client_reply_command(Call& call);
void client_setinfo_command(Call& call);
void client_setname_command(Call& call);
void client_tracking_command(Call& call);
void client_trackinginfo_command(Call& call);
void client_unblock_command(Call& call);
void client_unpause_command(Call& call);
void cluster_countkeysinslot_command(Call& call);
void cluster_getkeysinslot_command(Call& call);
void cluster_help_command(Call& call);
void cluster_info_command(Call& call);
void cluster_keyslot_command(Call& call);
void cluster_myid_command(Call& call);
void cluster_myshardid_command(Call& call);
void cluster_nodes_command(Call& call);
void cluster_shards_command(Call& call);
void cluster_slots_command(Call& call);
void command_command(Call& call);
void command_count_command(Call& call);
void command_docs_command(Call& call);
void command_getkeys_command(Call& call);
void command_getkeysandflags_command(Call& call);
void command_help_command(Call& call);
void command_info_command(Call& call);
void command_list_command(Call& call);
void config_get_command(Call& call);
void config_help_command(Call& call);
void config_resetstat_command(Call& call);
void config_rewrite_command(Call& call);
void config_set_command(Call& call);
void debug_command(Call& call);
void info_command(Call& call);
void lastsave_command(Call& call);
void latency_doctor_command(Call& call);
void latency_graph_command(Call& call);
void latency_help_command(Call& call);
void latency_histogram_command(Call& call);
void latency_history_command(Call& call);
void latency_latest_command(Call& call);
void latency_reset_command(Call& call);
void lolwut_command(Call& call);
void memory_doctor_command(Call& call);
void memory_help_command(Call& call);
void memory_malloc_stats_command(Call& call);
void memory_purge_command(Call& call);
void memory_stats_command(Call& call);
void memory_usage_command(Call& call);
void monitor_command(Call& call);
void readonly_command(Call& call);
void readwrite_command(Call& call);
void role_command(Call& call);
void save_command(Call& call);
void script_flush_command(Call& call);
void shutdown_command(Call& call);
void slowlog_get_command(Call& call);
void slowlog_help_command(Call& call);
void slowlog_len_command(Call& call);
void slowlog_reset_command(Call& call);
void time_command(Call& call);
void wait_command(Call& call);

}  // namespace kv
