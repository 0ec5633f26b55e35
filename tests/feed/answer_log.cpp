#include "answer_log.hpp"

#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hub::feed_test {

AppendedFile::AppendedFile(const std::filesystem::path& path, std::size_t record_bytes)
    : descriptor_(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), path.string());
  const auto size = static_cast<std::size_t>(::lseek(descriptor_, 0, SEEK_END));
  if (::ftruncate(descriptor_, static_cast<off_t>(size - size % record_bytes)) != 0) {
    throw std::system_error(errno, std::generic_category(), path.string());
  }
}

AppendedFile::~AppendedFile() { ::close(descriptor_); }

void AppendedFile::append(const void* bytes, std::size_t size) const {
  if (::write(descriptor_, bytes, size) != static_cast<ssize_t>(size)) {
    throw std::system_error(errno, std::generic_category(), "append");
  }
}

}  // namespace hub::feed_test
