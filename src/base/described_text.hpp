#pragma once
// The JSON text of described values (base/json.hpp), written straight into a string: the same bytes
// as boost::json::serialize(to_json(value)), without the tree between, which costs several times
// as much. For rows, answers and events that are made thousands of times a second.

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace hub {

// `text` in quotes. It must be UTF-8.
void append_quoted(std::string& out, std::string_view text);
void append_time(std::string& out, Time time);  // as to_text(), in quotes

template <class T>
void append_json(std::string& out, const T& value) {
  using namespace json_detail;  // NOLINT(google-build-using-namespace): our own helpers
  if constexpr (std::is_same_v<T, Time>) {
    append_time(out, value);
  } else if constexpr (is_id<T>) {
    append_quoted(out, value.text());
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_quoted(out, value);
  } else if constexpr (boost::describe::has_describe_enumerators<T>::value) {
    append_quoted(out, boost::describe::enum_to_string(value, ""));
  } else if constexpr (is_nullable<T>) {
    if (value) {
      append_json(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (is_vector<T>) {
    out += '[';
    for (bool first = true; const auto& item : value) {
      if (!std::exchange(first, false)) out += ',';
      append_json(out, item);
    }
    out += ']';
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    out += '{';
    bool first = true;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      const auto& field = value.*member.pointer;
      const auto name = [&] {
        if (!std::exchange(first, false)) out += ',';
        out.append(1, '"').append(member.name).append("\":");
      };
      if constexpr (is_optional<std::decay_t<decltype(field)>>) {
        if (!field) return;
        name();
        append_json(out, *field);
      } else {
        name();
        append_json(out, field);
      }
    });
    out += '}';
  } else {
    static_assert(std::is_same_v<T, Json> || std::is_same_v<T, boost::json::object>);
    if (value == T{}) {
      out += std::is_same_v<T, Json> ? "null" : "{}";
    } else {
      out += boost::json::serialize(value);
    }
  }
}

template <class T>
std::string described_text(const T& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace hub
