// The handlers of data commands. What each does is what Redis 7.0 says of the command of that name; see call.h for the rules they keep.
#pragma once

namespace kv {

struct Call;

void append_command(Call& call);
void bitcount_command(Call& call);
void bitfield_command(Call& call);
void bitfield_ro_command(Call& call);
void bitop_command(Call& call);
void bitpos_command(Call& call);
void copy_command(Call& call);
void dbsize_command(Call& call);
void decr_command(Call& call);
void decrby_command(Call& call);
void del_command(Call& call);
void delifeq_command(Call& call);
void dump_command(Call& call);
void exists_command(Call& call);
void expire_command(Call& call);
void expireat_command(Call& call);
void expiretime_command(Call& call);
void flushall_command(Call& call);
void flushdb_command(Call& call);
void get_command(Call& call);
void getbit_command(Call& call);
void getdel_command(Call& call);
void getex_command(Call& call);
void getrange_command(Call& call);
void getset_command(Call& call);
void incr_command(Call& call);
void incrby_command(Call& call);
void incrbyfloat_command(Call& call);
void keys_command(Call& call);
void lcs_command(Call& call);
void mget_command(Call& call);
void move_command(Call& call);
void mset_command(Call& call);
void msetnx_command(Call& call);
void object_command(Call& call);
void persist_command(Call& call);
void pexpire_command(Call& call);
void pexpireat_command(Call& call);
void pexpiretime_command(Call& call);
void psetex_command(Call& call);
void pttl_command(Call& call);
void randomkey_command(Call& call);
void rename_command(Call& call);
void renamenx_command(Call& call);
void restore_command(Call& call);
void scan_command(Call& call);
void set_command(Call& call);
void setbit_command(Call& call);
void setex_command(Call& call);
void setnx_command(Call& call);
void setrange_command(Call& call);
void strlen_command(Call& call);
void substr_command(Call& call);
void swapdb_command(Call& call);
void touch_command(Call& call);
void ttl_command(Call& call);
void type_command(Call& call);
void unlink_command(Call& call);

}  // namespace kv
