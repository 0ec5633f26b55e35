#include "git/repository.hpp"

#include "git/libgit2.hpp"

namespace hub::git {

void Repository::Close::operator()(git_repository* raw) const { git_repository_free(raw); }

Repository::Repository(git_repository* raw) : raw_(raw) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

Result<Repository> Repository::init_bare(const fs::path& path) {
  start_library();
  git_repository_init_options options{};
  options.version = GIT_REPOSITORY_INIT_OPTIONS_VERSION;
  options.flags = static_cast<unsigned>(GIT_REPOSITORY_INIT_BARE) | GIT_REPOSITORY_INIT_NO_REINIT |
                  GIT_REPOSITORY_INIT_MKPATH;
  options.initial_head = "main";
  git_repository* raw = nullptr;
  const int rc = git_repository_init_ext(&raw, path.c_str(), &options);
  if (rc != 0) return failure("make repository " + path.string(), rc);
  return Repository(raw);
}

Result<Repository> Repository::open(const fs::path& path) {
  start_library();
  git_repository* raw = nullptr;
  const int rc =
      git_repository_open_ext(&raw, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (rc != 0) return failure("open repository " + path.string(), rc);
  return Repository(raw);
}

bool Repository::is_bare() const { return git_repository_is_bare(raw_.get()) == 1; }

fs::path Repository::directory() const { return git_repository_path(raw_.get()); }

Result<std::string> Repository::reference(std::string_view name) const {
  git_oid id{};
  const std::string text(name);
  const int rc = git_reference_name_to_id(&id, raw_.get(), text.c_str());
  if (rc == GIT_ENOTFOUND) {
    return fail(ErrorCode::not_found,
                "cannot read " + text + " of " + directory().string() + ": no such reference",
                "no_reference");
  }
  if (rc != 0) return failure("read " + text, rc);
  return text_of(id);
}

Result<> Repository::set_reference(std::string_view name, const std::string& commit) {
  HUB_TRY(id, parse_oid(commit));
  git_reference* raw = nullptr;
  const std::string text(name);
  const int rc = git_reference_create(&raw, raw_.get(), text.c_str(), &id, 1, "set");
  const OwnedReference made(raw);
  if (rc != 0) return failure("set " + text, rc);
  return {};
}

Result<> Repository::remove_reference(std::string_view name) {
  const std::string text(name);
  const int rc = git_reference_remove(raw_.get(), text.c_str());
  if (rc != 0 && rc != GIT_ENOTFOUND) return failure("remove " + text, rc);
  return {};
}

Result<> Repository::remove_all_references() {
  git_strarray names{};
  if (const int rc = git_reference_list(&names, raw_.get()); rc != 0) {
    return failure("list references", rc);
  }
  Result<> removed;
  for (std::size_t at = 0; at < names.count && removed; ++at) {
    removed = remove_reference(names.strings[at]);
  }
  git_strarray_dispose(&names);
  return removed;
}

namespace {

// git_reference_create without force looks before it locks, so two of them can both succeed.
// Here the lock is taken first.
Result<SwapOutcome> create_reference(git_repository* repository, const std::string& name,
                                     const git_oid& id) {
  git_transaction* raw = nullptr;
  if (const int rc = git_transaction_new(&raw, repository); rc != 0) return failure("lock", rc);
  const OwnedTransaction transaction(raw);
  int rc = git_transaction_lock_ref(transaction.get(), name.c_str());
  if (rc == GIT_ELOCKED) return SwapOutcome::lost;
  if (rc != 0) return failure("lock " + name, rc);
  git_oid found{};
  rc = git_reference_name_to_id(&found, repository, name.c_str());
  if (rc == 0) return SwapOutcome::lost;
  if (rc != GIT_ENOTFOUND) return failure("read " + name, rc);
  rc = git_transaction_set_target(transaction.get(), name.c_str(), &id, nullptr, "push");
  if (rc == 0) rc = git_transaction_commit(transaction.get());
  if (rc != 0) return failure("create " + name, rc);
  return SwapOutcome::done;
}

}  // namespace

Result<SwapOutcome> Repository::compare_and_swap(std::string_view name, const std::string& expected,
                                                 const std::string& commit) {
  const std::string text(name);
  HUB_TRY(id, parse_oid(commit));
  if (expected.empty()) return create_reference(raw_.get(), text, id);
  HUB_TRY(old, parse_oid(expected));
  git_reference* raw = nullptr;
  const int rc =
      git_reference_create_matching(&raw, raw_.get(), text.c_str(), &id, 1, &old, "push");
  const OwnedReference made(raw);
  if (rc == GIT_EMODIFIED || rc == GIT_ELOCKED || rc == GIT_ENOTFOUND) return SwapOutcome::lost;
  if (rc != 0) return failure("move " + text, rc);
  return SwapOutcome::done;
}

Result<> Repository::set_config(const std::string& name, const std::string& value) {
  git_config* raw = nullptr;
  int rc = git_repository_config(&raw, raw_.get());
  const OwnedConfig config(raw);
  if (rc == 0) rc = git_config_set_string(config.get(), name.c_str(), value.c_str());
  if (rc != 0) return failure("configure " + name, rc);
  return {};
}

std::optional<std::string> Repository::config(const std::string& name) const {
  git_config* raw = nullptr;
  if (git_repository_config_snapshot(&raw, raw_.get()) != 0) return std::nullopt;
  const OwnedConfig config(raw);
  const char* value = nullptr;
  if (git_config_get_string(&value, config.get(), name.c_str()) != 0) return std::nullopt;
  return value;
}

Signature Repository::configured_author(const Signature& otherwise) const {
  const auto name = config("user.name");
  const auto email = config("user.email");
  if (!name || !email || name->empty() || email->empty()) return otherwise;
  return {*name, *email, otherwise.time};
}

Result<bool> Repository::has_commit(const std::string& commit) const {
  const auto found = find_commit(raw_.get(), commit);
  if (found) return true;
  if (found.error().code == ErrorCode::not_found) return false;
  return tl::unexpected(found.error());
}

Result<bool> Repository::reaches(const std::string& tip, const std::string& commit) const {
  if (tip == commit) return true;
  HUB_TRY(tip_id, parse_oid(tip));
  HUB_TRY(commit_id, parse_oid(commit));
  const int rc = git_graph_descendant_of(raw_.get(), &tip_id, &commit_id);
  if (rc < 0) return failure("compare commits " + tip + " and " + commit, rc);
  return rc == 1;
}

Result<Time> Repository::commit_time(const std::string& commit) const {
  HUB_TRY(found, find_commit(raw_.get(), commit));
  return from_millis(std::int64_t{git_commit_time(found.get())} * 1000);
}

Result<std::string> Repository::tree_of(const std::string& commit) const {
  HUB_TRY(tree, find_tree(raw_.get(), commit));
  return text_of(*git_tree_id(tree.get()));
}

Result<std::string> Repository::subtree_of(const std::string& commit,
                                           const std::string& path) const {
  const auto tree = find_subtree(raw_.get(), commit, path);
  if (tree) return text_of(*git_tree_id(tree->get()));
  if (tree.error().reason == "no_path") return std::string();
  return tl::unexpected(tree.error());
}

bool Repository::has_object(const std::string& id) const {
  const auto oid = parse_oid(id);
  const auto odb = object_database(raw_.get());
  return oid && odb && git_odb_exists(odb->get(), &*oid) == 1;
}

Result<std::string> Repository::read_blob(const std::string& blob, std::int64_t bytes_max) const {
  HUB_TRY(id, parse_oid(blob));
  HUB_TRY(odb, object_database(raw_.get()));
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (const int rc = git_odb_read_header(&size, &type, odb.get(), &id); rc != 0) {
    return failure("read blob " + blob, rc);
  }
  if (type != GIT_OBJECT_BLOB || size > static_cast<std::uint64_t>(bytes_max)) {
    return fail(
        ErrorCode::invalid,
        "cannot read blob " + blob + ": larger than " + std::to_string(bytes_max) + " bytes",
        "file_too_large", "", {{"limit", bytes_max}, {"observed", size}});
  }
  git_odb_object* raw = nullptr;
  if (const int rc = git_odb_read(&raw, odb.get(), &id); rc != 0) {
    return failure("read blob " + blob, rc);
  }
  const OwnedOdbObject object(raw);
  return std::string(static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw));
}

Result<std::string> Repository::read_file(const std::string& commit, const std::string& path,
                                          std::int64_t bytes_max) const {
  HUB_TRY(root, find_tree(raw_.get(), commit));
  HUB_TRY(entry, find_entry(root.get(), path));
  if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB) {
    return fail(ErrorCode::not_found,
                "cannot read " + path + " at commit " + commit + ": no such file", "no_path");
  }
  return read_blob(text_of(*git_tree_entry_id(entry.get())), bytes_max);
}

}  // namespace hub::git
