#include "operations/secrets.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/hash.hpp"
#include "base/log.hpp"

namespace hub::operations {
namespace {

constexpr std::string_view reference_key = "$secret";
constexpr std::string_view blot_text = "***";
constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;

// "registryApiKey", "registry-api-key" -> registry, api, key
std::vector<std::string> words_of(std::string_view key) {
  std::vector<std::string> words(1);
  bool small_before = false;
  for (const char c : key) {
    const auto letter = static_cast<unsigned char>(c);
    if (!std::isalnum(letter)) {
      words.emplace_back();
    } else {
      if (std::isupper(letter) && small_before) words.emplace_back();
      words.back() += static_cast<char>(std::tolower(letter));
    }
    small_before = std::islower(letter) || std::isdigit(letter);
  }
  return words;
}

std::string child_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

Json reference_to(const std::string& path) { return boost::json::object{{reference_key, path}}; }

const boost::json::string* reference_in(const Json& value) {
  if (!value.is_object() || value.get_object().size() != 1) return nullptr;
  const auto* name = value.get_object().if_contains(reference_key);
  return name && name->is_string() ? &name->get_string() : nullptr;
}

// What is secret in an address: "user:password" before its host, and the values of query parameters
// that look secret or sign it. Empty: nothing, or it is no address.
std::vector<std::string> secrets_in_url(std::string_view text) {
  std::vector<std::string> found;
  const auto scheme = text.find("://");
  if (scheme == text.npos || text.find_first_of(" \t\n") != text.npos) return found;
  const auto from = scheme + 3;
  const auto authority = text.substr(from, text.find_first_of("/?#", from) - from);
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    const auto user = authority.substr(0, at);
    found.emplace_back(user);
    if (const auto colon = user.find(':'); colon != user.npos && colon + 1 < user.size()) {
      found.emplace_back(user.substr(colon + 1));
    }
  }
  const auto question = text.find('?', from);
  auto query = question == text.npos ? std::string_view() : text.substr(question + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals == pair.npos || equals + 1 == pair.size()) continue;
    const auto words = words_of(pair.substr(0, equals));
    const bool signs = std::ranges::any_of(
        words, [](const auto& word) { return word == "signature" || word == "sig"; });
    if (!signs && !Secrets::looks_secret(pair.substr(0, equals))) continue;
    found.emplace_back(pair.substr(equals + 1));
  }
  return found;
}

// The same value with each of its members made anew.
template <class Make>
Json map_members(const std::string& path, const Json& value, const Make& make) {
  if (value.is_object()) {
    boost::json::object object;
    for (const auto& [key, member] : value.get_object()) {
      object[key] = make(child_path(path, key), std::string_view(key), member);
    }
    return object;
  }
  if (value.is_array()) {
    boost::json::array array;
    for (const auto& member : value.get_array()) {
      array.push_back(
          make(child_path(path, std::to_string(array.size())), std::string_view(), member));
    }
    return array;
  }
  return value;
}

}  // namespace

bool Secrets::looks_secret(std::string_view key) {
  static constexpr std::array<std::string_view, 9> telling{
      "token",  "password",      "passwd",     "passphrase", "secret",
      "apikey", "authorization", "credential", "credentials"};
  const auto words = words_of(key);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::ranges::find(telling, words[i]) != telling.end()) return true;
    const bool keyed = i > 0 && words[i] == "key";
    if (keyed && (words[i - 1] == "api" || words[i - 1] == "private")) return true;
  }
  return false;
}

bool Secrets::has_reference(const Json& value) {
  if (reference_in(value)) return true;
  if (value.is_object()) {
    return std::ranges::any_of(value.get_object(),
                               [](const auto& member) { return has_reference(member.value()); });
  }
  return value.is_array() && std::ranges::any_of(value.get_array(), has_reference);
}

boost::json::object Secrets::conceal_params(const boost::json::object& params) {
  return conceal_named("", Json(params)).as_object();
}

Json Secrets::conceal_named(const std::string& path, const Json& value) {
  return map_members(path, value,
                     [this](const std::string& at, std::string_view key, const Json& member) {
                       const bool nothing = member.is_null() || member.is_bool();
                       if (!nothing && looks_secret(key)) return conceal_value(at, member);
                       if (!member.is_string()) return conceal_named(at, member);
                       const auto found = secrets_in_url(member.get_string());
                       for (const auto& word : found) remember_words(Json(word));
                       return found.empty() ? member : conceal_value(at, member);
                     });
}

Json Secrets::conceal_value(const std::string& path, const Json& value) {
  values_[path] = value;
  remember_words(value);
  return reference_to(path);
}

Json Secrets::conceal_intent(const Json& intent) { return conceal_holding("intent", intent); }

Json Secrets::conceal_holding(const std::string& path, const Json& value) {
  if (value.is_string() && holds_secret(value.get_string())) {
    values_[path] = value;
    return reference_to(path);
  }
  return map_members(path, value,
                     [this](const std::string& at, std::string_view key, const Json& member) {
                       const bool nothing = member.is_null() || member.is_bool();
                       return !nothing && looks_secret(key) ? conceal_value(at, member)
                                                            : conceal_holding(at, member);
                     });
}

void Secrets::remember_words(const Json& value) {
  if (value.is_object()) {
    for (const auto& member : value.get_object()) remember_words(member.value());
  } else if (value.is_array()) {
    for (const auto& member : value.get_array()) remember_words(member);
  } else if (!value.is_null() && !value.is_bool()) {
    std::string word = value.is_string() ? std::string(value.get_string())
                                         : std::string(boost::json::serialize(value));
    if (word.empty() || std::ranges::find(words_, word) != words_.end()) return;
    words_.push_back(std::move(word));
    std::ranges::sort(words_, std::ranges::greater{}, &std::string::size);
  }
}

bool Secrets::holds_secret(std::string_view text) const {
  return std::ranges::any_of(
      words_, [&](const std::string& word) { return text.find(word) != std::string_view::npos; });
}

Result<Json> Secrets::reveal(const Json& value) const {
  std::optional<std::string> missing;
  const std::function<Json(const std::string&, std::string_view, const Json&)> open =
      [&](const std::string& path, std::string_view, const Json& member) -> Json {
    const auto* name = reference_in(member);
    if (!name) return map_members(path, member, open);
    const auto found = values_.find(std::string(*name));
    if (found != values_.end()) return found->second;
    missing = std::string(*name);
    return nullptr;
  };
  Json revealed = open("", "", value);
  if (!missing) return revealed;
  return fail(ErrorCode::invalid,
              "cannot go on: the secret " + *missing + " of this operation is not kept any more",
              "secrets_missing", "send the request again, with its secrets",
              {{"secret", *missing}});
}

void Secrets::blot(std::string& text) const {
  for (const auto& word : words_) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
      text.replace(at, word.size(), blot_text);
      at += blot_text.size();
    }
  }
}

void Secrets::blot(Json& value) const {
  if (words_.empty()) return;
  if (value.is_string()) {
    std::string text(value.get_string());
    blot(text);
    value = text;
  } else if (value.is_object()) {
    blot(value.get_object());
  } else if (value.is_array()) {
    for (auto& member : value.get_array()) blot(member);
  }
}

void Secrets::blot(boost::json::object& object) const {
  if (words_.empty()) return;
  for (auto& member : object) blot(member.value());
}

void Secrets::blot(OperationState& state) const {
  if (words_.empty()) return;
  blot(state.message);
  blot(state.title_args);
  if (state.result) blot(*state.result);
  if (state.reason) blot(state.reason->params);
  if (state.warnings) {
    for (auto& warning : *state.warnings) blot(warning);
  }
  if (!state.error) return;
  blot(state.error->message);
  blot(state.error->details);
  if (state.error->hint) blot(*state.error->hint);
  if (!state.error->causes) return;
  for (auto& cause : *state.error->causes) blot(cause.message);
}

boost::json::object Secrets::to_object() const {
  boost::json::object object;
  for (const auto& [name, value] : values_) object[name] = value;
  return object;
}

Secrets Secrets::from_object(const boost::json::object& object) {
  Secrets secrets;
  for (const auto& [name, value] : object) {
    secrets.values_[std::string(name)] = value;
    secrets.remember_words(value);
    if (!value.is_string()) continue;
    for (const auto& word : secrets_in_url(value.get_string())) {
      secrets.remember_words(Json(word));
    }
  }
  return secrets;
}

fs::path SecretVault::file_of(const OperationId& id) const {
  return folder_ / (id.text() + ".json");
}

Result<> SecretVault::keep(const OperationId& id, const Secrets& secrets) {
  if (folder_.empty()) {
    return fail(ErrorCode::invalid,
                "cannot accept an operation with a secret: this hub has no place to keep it",
                "secrets_unsupported");
  }
  HUB_CHECK(make_directories(folder_, 0700));
  return write_file_atomic(file_of(id), boost::json::serialize(secrets.to_object()), 0600);
}

Result<Secrets> SecretVault::read(const OperationId& id) const {
  if (folder_.empty()) return Secrets();
  const auto text = read_file(file_of(id), file_bytes_max);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return Secrets();
    return tl::unexpected(text.error());
  }
  boost::system::error_code ec;
  const auto value = boost::json::parse(*text, ec);
  if (ec || !value.is_object()) {
    return fail(ErrorCode::invalid, "cannot read the secrets of " + id.text() + ": not JSON",
                "secrets_missing", "send the request again, with its secrets");
  }
  return Secrets::from_object(value.get_object());
}

void SecretVault::remove(const OperationId& id) const {
  if (folder_.empty()) return;
  std::error_code ec;
  fs::remove(file_of(id), ec);
  if (ec) {
    log::warning("operations", "secrets_left",
                 {{"operation_id", id.text()}, {"error", ec.message()}});
  }
}

void SecretVault::sweep(const std::function<std::vector<OperationId>()>& live) const {
  std::error_code ec;
  std::vector<OperationId> found;
  for (const auto& entry : fs::directory_iterator(folder_, ec)) {
    if (entry.path().extension() == ".json") found.emplace_back(entry.path().stem().string());
  }
  if (found.empty()) return;
  auto kept = live();
  std::ranges::sort(kept);
  for (const auto& id : found) {
    if (!std::ranges::binary_search(kept, id)) remove(id);
  }
}

Result<std::string> SecretVault::digest(const Secrets& secrets) {
  HUB_TRY(key, own_key());
  return to_hex(sha256(key + boost::json::serialize(secrets.to_object())));
}

Result<std::string> SecretVault::own_key() {
  const std::lock_guard guard(mutex_);
  if (!own_key_.empty()) return own_key_;
  if (folder_.empty()) return std::string();
  const auto file = folder_ / "key";
  auto known = read_file(file, file_bytes_max);
  if (!known) {
    if (known.error().code != ErrorCode::not_found) return known;
    HUB_CHECK(make_directories(folder_, 0700));
    known = random_hex(32);
    HUB_CHECK(write_file_atomic(file, *known, 0600));
  }
  own_key_ = *known;
  return own_key_;
}

}  // namespace hub::operations
