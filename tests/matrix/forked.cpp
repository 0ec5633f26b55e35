#include "matrix/forked.hpp"

#include <array>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"

namespace hub::matrix {
namespace {

[[noreturn]] void be_the_copy(int out, const fs::path& folder,
                              const std::function<void(std::ostream& out)>& work,
                              std::chrono::seconds patience) {
  ::setenv("TMPDIR", folder.c_str(), 1);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::close(out);
  ::alarm(static_cast<unsigned>(patience.count()));
  int code = EXIT_SUCCESS;
  try {
    work(std::cout);
  } catch (const std::exception& error) {
    std::cout << "thrown: " << error.what() << '\n';
    code = forked_and_thrown;
  }
  std::cout.flush();
  std::_Exit(code);
}

}  // namespace

Forked in_a_fork(const std::function<void(std::ostream& out)>& work,
                 std::chrono::seconds patience) {
  std::cout.flush();
  const TemporaryDirectory folder;
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("cannot make a pipe");
  const pid_t copy = ::fork();
  if (copy < 0) throw std::runtime_error("cannot fork");
  if (copy == 0) {
    ::close(ends[0]);
    be_the_copy(ends[1], folder.path(), work, patience);
  }
  ::close(ends[1]);
  Forked forked;
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto count = ::read(ends[0], bytes.data(), bytes.size());
    if (count <= 0) break;
    forked.output.append(bytes.data(), static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(copy, &status, 0);
  forked.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return forked;
}

}  // namespace hub::matrix
