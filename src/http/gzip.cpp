#include "http/gzip.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/crc.hpp>

namespace hub::http {
namespace {

void append_little_endian(std::string& out, std::uint32_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xFFU));
  }
}

}  // namespace

std::string gzip(std::string_view bytes) {
  namespace zlib = boost::beast::zlib;
  constexpr int best_level = 9;
  constexpr int window_bits = 15;
  constexpr int memory_level = 9;
  constexpr std::array<char, 10> head{'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 2, '\xff'};  // no time

  zlib::deflate_stream stream;
  stream.reset(best_level, window_bits, memory_level, zlib::Strategy::normal);
  std::string out(head.data(), head.size());
  out.resize(head.size() + stream.upper_bound(bytes.size()) + 64);
  zlib::z_params params{};
  params.next_in = bytes.data();
  params.avail_in = bytes.size();
  params.next_out = out.data() + head.size();
  params.avail_out = out.size() - head.size();
  boost::system::error_code ec;
  stream.write(params, zlib::Flush::finish, ec);
  if (ec && ec != zlib::error::end_of_stream) throw std::runtime_error("gzip: " + ec.message());
  out.resize(head.size() + params.total_out);

  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  append_little_endian(out, static_cast<std::uint32_t>(crc.checksum()));
  append_little_endian(out, static_cast<std::uint32_t>(bytes.size()));
  return out;
}

}  // namespace hub::http
