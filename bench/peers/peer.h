// What every echo peer does the same way: read its flags, open its listener, say where it listens, and leave on SIGTERM.
//
// A peer differs from the others in its event loop and in nothing else; whatever is not the loop lives here, so that a difference
// between two measurements is a difference between two loops. C and C++ both include this file. Not for the servers of this
// project: these peers end the process on any refusal of the environment, which is right for a yardstick and wrong for a library.
#ifndef CORERING_BENCH_PEERS_PEER_H_
#define CORERING_BENCH_PEERS_PEER_H_

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  kBacklog = 4096,            // 500 clients connect at once; a full backlog would delay some of them by a second
  kReceiveBytes = 64 * 1024,  // what one receive may take, in the peers that own their receive buffer
};

struct Flag {
  const char* name;
  unsigned* value;
  unsigned value_min, value_max;
};

static inline void exit_because(const char* what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  exit(1);
}

// Sets the value of each `--name=N` argument; an unknown flag or a value out of range ends the process with status 2.
static inline void parse_flags(int argc, char** argv, const struct Flag* flags, size_t flag_count) {
  for (int i = 1; i < argc; ++i) {
    const char* equals = strchr(argv[i], '=');
    const struct Flag* flag = NULL;
    for (size_t f = 0; equals != NULL && f < flag_count; ++f) {
      const size_t name_bytes = strlen(flags[f].name);
      if ((size_t)(equals - argv[i]) == name_bytes && memcmp(argv[i], flags[f].name, name_bytes) == 0) flag = &flags[f];
    }
    if (flag == NULL) {
      fprintf(stderr, "%s: found '%s', need one of:", argv[0], argv[i]);
      for (size_t f = 0; f < flag_count; ++f)
        fprintf(stderr, " %s=N (%u to %u)", flags[f].name, flags[f].value_min, flags[f].value_max);
      fprintf(stderr, "\n");
      exit(2);
    }
    char* end = NULL;
    errno = 0;
    const unsigned long value = strtoul(equals + 1, &end, 10);
    if (errno != 0 || end == equals + 1 || *end != '\0' || value < flag->value_min || value > flag->value_max) {
      fprintf(stderr, "%s: found '%s', need %s=N with N from %u to %u\n", argv[0], argv[i], flag->name, flag->value_min,
              flag->value_max);
      exit(2);
    }
    *flag->value = (unsigned)value;
  }
}

// A listening socket on 127.0.0.1. `type_flags` is 0 or SOCK_NONBLOCK; port 0 lets the kernel choose.
static inline int open_listener(unsigned port, int type_flags) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | type_flags, 0);
  if (listener < 0) exit_because("socket", errno);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Linux hands TCP_NODELAY down to accepted sockets, which saves a call per connection. Without it a large echo waits 40 ms for
  // delayed ACKs.
  if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) exit_because("TCP_NODELAY", errno);
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) < 0) exit_because("bind to 127.0.0.1", errno);
  if (listen(listener, kBacklog) < 0) exit_because("listen", errno);
  return listener;
}

static inline void announce_port(unsigned port) {
  printf("listening %u\n", port);
  fflush(stdout);
}

static inline void announce_listener(int listener) {
  struct sockaddr_in address;
  socklen_t address_bytes = sizeof address;
  if (getsockname(listener, (struct sockaddr*)&address, &address_bytes) < 0) exit_because("getsockname", errno);
  announce_port(ntohs(address.sin_port));
}

static inline void exit_now(int signal_number) {
  (void)signal_number;
  _exit(0);
}

// An echo server owns nothing that outlives it, so it may leave from inside the handler: no flag to test in the loop.
static inline void exit_on_sigterm(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = exit_now;
  sigaction(SIGTERM, &action, NULL);
}

#endif  // CORERING_BENCH_PEERS_PEER_H_
