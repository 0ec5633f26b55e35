#pragma once
// What differs between two JSON objects, by name. Inner header of this room. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace hub::registry {

// Keys that one of the two has alone or that differ, those of objects inside as "a.b"; a difference
// of order alone is "order". Of texts that were read before.
std::vector<std::string> differing_keys(std::string_view before, std::string_view after);

}  // namespace hub::registry
