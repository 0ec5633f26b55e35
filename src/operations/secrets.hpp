#pragma once
// Secrets of requests. A parameter whose key looks secret (token, password, api_key, …, at any
// depth) is stored apart, and what is stored and shown of the operation holds a reference instead:
//
// So is an address with a password before its host, or a token or signature in its query, under
// whatever key.
//
//   {"token": "hunter2"}  ──►  {"token": {"$secret": "token"}}
//   <folder>/<operation_id>.json, mode 0600: {"token": "hunter2"}
//
// The workflow gets the real values back when it runs. The file goes when the operation ends. What
// a step writes into its notes is stored as it is: a recipe must not put a secret there.

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "contracts/operation_state.hpp"

namespace hub::operations {

// The secrets of one operation, by the name of their reference. A value; not thread-safe.
class Secrets {
 public:
  static bool looks_secret(std::string_view key);
  static bool has_reference(const Json&);  // {"$secret": …} anywhere in it

  bool empty() const { return values_.empty(); }

  // The parameters with references in place of what looks secret.
  boost::json::object conceal_params(const boost::json::object& params);
  // The same for what a recipe made of them: every text that holds a secret is kept apart.
  Json conceal_intent(const Json& intent);
  // The way back. invalid: "secrets_missing" for a reference to nothing.
  Result<Json> reveal(const Json&) const;

  // What must not be seen, in every text of it, becomes ***.
  void blot(std::string& text) const;
  void blot(Json& value) const;
  void blot(boost::json::object& object) const;
  void blot(OperationState&) const;
  std::vector<std::string> words() const { return words_; }

  boost::json::object to_object() const;
  static Secrets from_object(const boost::json::object&);

 private:
  Json conceal_value(const std::string& path, const Json&);
  Json conceal_named(const std::string& path, const Json&);
  Json conceal_holding(const std::string& path, const Json&);
  void remember_words(const Json&);
  bool holds_secret(std::string_view text) const;

  std::map<std::string, Json> values_;
  std::vector<std::string> words_;  // longest first
};

// Where they are kept. Thread-safe.
class SecretVault {
 public:
  // An empty folder: kept nowhere, and operations with secrets are refused ("secrets_unsupported").
  explicit SecretVault(fs::path folder) : folder_(std::move(folder)) {}

  Result<> keep(const OperationId&, const Secrets&);  // durable when it answers
  Result<Secrets> read(const OperationId&) const;     // empty: it has none
  void remove(const OperationId&) const;
  // At start: those of operations that are not live. Asks who is only when there are any.
  void sweep(const std::function<std::vector<OperationId>()>& live) const;
  // Tells two secrets apart without giving either away: hashed with a key of this hub's own.
  Result<std::string> digest(const Secrets&);

 private:
  fs::path file_of(const OperationId&) const;
  Result<std::string> own_key();

  const fs::path folder_;
  std::mutex mutex_;
  std::string own_key_;
};

}  // namespace hub::operations
