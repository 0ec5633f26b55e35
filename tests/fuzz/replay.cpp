// Where there is no libFuzzer: gives every file of the named folders to the target, once.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  int seeds = 0;
  for (int at = 1; at < argc; ++at) {
    for (const auto& file : std::filesystem::directory_iterator(argv[at])) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as libFuzzer gives them
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++seeds;
    }
  }
  return seeds > 0 ? 0 : 1;
}
