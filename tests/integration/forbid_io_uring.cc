// forbid_io_uring: runs a program as if on a machine where io_uring is forbidden.
//
//     forbid_io_uring EPERM|ENOSYS PROGRAM ARGUMENT...
//
// Installs a seccomp filter under which io_uring_setup(2) fails with the given error, as the profiles of container
// runtimes do, and executes the program. Everything else stays allowed.
//
// Source: seccomp(2), "Example program"; Docker's default profile gives EPERM, older libseccomp profiles ENOSYS.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

namespace {

bool forbid_io_uring_setup(int error) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 2 ? argv[1] : "";
  const int error = name == "EPERM" ? EPERM : name == "ENOSYS" ? ENOSYS : 0;
  if (error == 0) {
    std::fprintf(stderr, "usage: forbid_io_uring EPERM|ENOSYS PROGRAM ARGUMENT...\n");
    return 2;
  }
  if (!forbid_io_uring_setup(error)) {
    std::perror("forbid_io_uring: cannot install the seccomp filter");
    return 125;
  }
  ::execv(argv[2], argv + 2);
  std::perror("forbid_io_uring: cannot execute the program");
  return 126;
}
