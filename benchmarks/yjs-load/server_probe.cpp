#include "server_probe.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace hub::benchmarks {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::int64_t number_after(const std::string& text, const std::string& key) {
  const auto at = text.find(key);
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + key.size()));
}

// Field 14 and 15 of stat; the name before them may hold spaces.
double cpu_seconds(const std::string& stat) {
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int at = 0; at < 11; ++at) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

ServerUse use_of(int pid) {
  if (pid == 0) return {};
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string stat = text_of(folder + "/stat");
  if (stat.empty()) return {};
  ServerUse out;
  out.cpu_s = cpu_seconds(stat);
  out.memory_bytes = number_after(text_of(folder + "/status"), "VmRSS:") * 1024;
  const std::string sockets = text_of("/proc/net/sockstat");
  const auto tcp = sockets.find("TCP:");
  if (tcp != std::string::npos) {
    out.kernel_bytes = number_after(sockets.substr(tcp), " mem ") * ::sysconf(_SC_PAGESIZE);
  }
  return out;
}

}  // namespace hub::benchmarks
