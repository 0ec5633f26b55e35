#pragma once
// gzip (RFC 1952), for static files at start. Deflate comes from Beast: no further library.

#include <string>
#include <string_view>

namespace hub::http {

std::string gzip(std::string_view bytes);

}  // namespace hub::http
