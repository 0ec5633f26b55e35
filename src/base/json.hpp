#pragma once
// JSON for described types. A struct lists its fields once, in BOOST_DESCRIBE_STRUCT;
// that list is its wire shape: same names, same order. Reading ignores unknown fields
// (an older hub meets a newer file) and names the path of the first bad one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace hub {

using Json = boost::json::value;

// The text under a key; empty when there is none, or something else.
inline std::string text_in(const boost::json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

// A field that is always on the wire, as null when it is empty. A std::optional is left out.
template <class T>
struct Nullable : std::optional<T> {
  using std::optional<T>::optional;
  template <class U>
    requires(std::is_constructible_v<T, U &&> &&
             !std::is_base_of_v<std::optional<T>, std::decay_t<U>> &&
             !std::is_same_v<std::decay_t<U>, std::nullopt_t>)
  Nullable& operator=(U&& value) {
    this->emplace(std::forward<U>(value));
    return *this;
  }
  Nullable& operator=(std::nullopt_t) {
    this->reset();
    return *this;
  }
};

namespace json_detail {

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<Id<Tag>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_nullable = false;
template <class T>
inline constexpr bool is_nullable<Nullable<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

inline tl::unexpected<Error> bad_field(const std::string& path, std::string_view want) {
  return fail(ErrorCode::invalid, "cannot read " + path + ": want " + std::string(want));
}

}  // namespace json_detail

template <class T>
Json to_json(const T& value) {
  using namespace json_detail;  // NOLINT(google-build-using-namespace): our own helpers
  if constexpr (std::is_same_v<T, Time>) {
    return Json(to_text(value));
  } else if constexpr (is_id<T>) {
    return Json(value.text());
  } else if constexpr (boost::describe::has_describe_enumerators<T>::value) {
    return Json(boost::describe::enum_to_string(value, ""));
  } else if constexpr (is_nullable<T>) {
    return value ? to_json(*value) : Json(nullptr);
  } else if constexpr (is_vector<T>) {
    boost::json::array array;
    for (const auto& item : value) array.push_back(to_json(item));
    return array;
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    boost::json::object object;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      const auto& field = value.*member.pointer;
      if constexpr (is_optional<std::decay_t<decltype(field)>>) {
        if (field) object[member.name] = to_json(*field);
      } else {
        object[member.name] = to_json(field);
      }
    });
    return object;
  } else {
    return boost::json::value_from(value);
  }
}

template <class T>
Result<T> from_json(const Json& in, const std::string& path) {
  using namespace json_detail;  // NOLINT(google-build-using-namespace): our own helpers
  if constexpr (std::is_same_v<T, Json>) {
    return in;
  } else if constexpr (std::is_same_v<T, Time>) {
    if (!in.is_string()) return bad_field(path, "a time");
    return parse_time(in.get_string());
  } else if constexpr (is_id<T>) {
    if (!in.is_string()) return bad_field(path, "a string");
    return T(std::string(in.get_string()));
  } else if constexpr (boost::describe::has_describe_enumerators<T>::value) {
    T out{};
    if (!in.is_string() || !boost::describe::enum_from_string(in.get_string().c_str(), out)) {
      return bad_field(path, "a known name");
    }
    return out;
  } else if constexpr (is_vector<T>) {
    if (!in.is_array()) return bad_field(path, "a list");
    T out;
    for (const auto& item : in.get_array()) {
      HUB_TRY(element, from_json<typename T::value_type>(item, path + "[]"));
      out.push_back(std::move(element));
    }
    return out;
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    if (!in.is_object()) return bad_field(path, "an object");
    T out{};
    std::optional<Error> error;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      if (error) return;
      auto& field = out.*member.pointer;
      using Field = std::decay_t<decltype(field)>;
      const std::string at = path + "." + member.name;
      const Json* found = in.get_object().if_contains(member.name);
      if constexpr (is_optional<Field> || is_nullable<Field>) {
        if (!found || found->is_null()) return;
        auto read = from_json<typename Field::value_type>(*found, at);
        if (read)
          field = *std::move(read);
        else
          error = read.error();
      } else {
        if (!found) {
          error = bad_field(at, "a value, found none").value();
          return;
        }
        auto read = from_json<Field>(*found, at);
        if (read)
          field = *std::move(read);
        else
          error = read.error();
      }
    });
    if (error) return tl::unexpected(*std::move(error));
    return out;
  } else {
    auto read = boost::json::try_value_to<T>(in);
    if (!read) return bad_field(path, "a " + std::string(read.error().message()));
    return *std::move(read);
  }
}

}  // namespace hub
