#pragma once
// Where a file may be fetched from: http and https, and nothing else. Pure functions.

#include <string>

#include "base/result.hpp"

namespace hub::transfer {

// invalid, "bad_source_url": not http(s), no host, or longer than 4096 characters.
Result<> check_source_url(const std::string& url);

// For people and logs: without user name, password, query and fragment.
std::string shown_url(const std::string& url);

}  // namespace hub::transfer
