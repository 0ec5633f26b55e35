#include "http/marketplace_routes.hpp"

#include <charconv>

#include "base/hash.hpp"
#include "http/answer.hpp"

namespace hub::http {
namespace {

constexpr std::size_t page_default = 500;
constexpr std::size_t page_max = 1000;
constexpr std::size_t question_bytes_max = 1000;
constexpr std::size_t tags_max = 16;

std::vector<OperationState> live_operations(const MarketplaceServices& services) {
  auto live = services.store.live();
  for (auto& state : live) services.board.overlay(state);
  return live;
}

tl::unexpected<Error> refused(const std::string& why, const char* reason,
                              const std::string& hint = {}) {
  return fail(ErrorCode::invalid, "cannot list the marketplace: " + why, reason, hint);
}

// "skill", or "skills" as the lists' routes have it.
std::optional<ArtifactKind> kind_of(const std::string& text) {
  return parse_artifact_kind(text.ends_with('s') ? text.substr(0, text.size() - 1) : text);
}

Result<std::size_t> page_limit(const Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return page_default;
  std::size_t limit = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (ec == std::errc{} && end == text->data() + text->size() && limit >= 1 && limit <= page_max) {
    return limit;
  }
  return refused("limit must be a number from 1 to " + std::to_string(page_max), "bad_limit");
}

Result<marketplace::Sort> sort_of(const std::string& text) {
  using marketplace::Sort;
  if (text.empty() || text == "relevance") return Sort::relevance;
  if (text == "name") return Sort::name;
  if (text == "updated") return Sort::updated;
  if (text == "size") return Sort::size;
  return refused("unknown sort " + text, "bad_sort", "sort is relevance, name, updated or size");
}

Result<marketplace::Installed> installed_of(const std::string& text) {
  using marketplace::Installed;
  if (text.empty() || text == "0" || text == "hide") return Installed::hide;
  if (text == "1" || text == "show") return Installed::show;
  if (text == "only") return Installed::only;
  return refused("unknown value of installed: " + text, "bad_installed",
                 "installed is hide, show or only");
}

Result<marketplace::Query> query_of(const Request& request) {
  const auto value = [&](const char* name) { return request.query_value(name).value_or(""); };
  marketplace::Query query;
  query.q = value("q");
  if (query.q.size() > question_bytes_max) {
    return refused("q is longer than " + std::to_string(question_bytes_max) + " bytes",
                   "question_too_long", "a few words are enough");
  }
  if (const auto kind = value("kind"); !kind.empty()) {
    query.kind = kind_of(kind);
    if (!query.kind)
      return refused("unknown kind " + kind, "bad_kind", "kind is skill or scenario");
  }
  const auto [first, last] = request.query.equal_range("tag");
  for (auto tag = first; tag != last; ++tag) {
    if (!tag->second.empty()) query.tags.push_back(tag->second);
  }
  if (query.tags.size() > tags_max) return refused("too many tags", "too_many_tags");
  query.publisher = value("publisher");
  HUB_TRY(sort, sort_of(value("sort")));
  query.sort = sort;
  HUB_TRY(installed, installed_of(value("installed")));
  query.installed = installed;
  query.after = value("cursor").empty() ? value("after") : value("cursor");
  HUB_TRY(limit, page_limit(request));
  query.limit = limit;
  return query;
}

// Of all that an answer depends on, its age apart: cheaper than making the answer to see that it is
// the same. Weak, since the age in a kept answer is an older one.
std::string etag_of(const std::string& revision, const registry::CatalogStatus& status,
                    std::span<const InstalledArtifact> installed,
                    std::span<const OperationState> operations, const Request& request) {
  Sha256 hash;
  const auto add = [&](std::string_view text) {
    hash.update(std::to_string(text.size()) + ':');
    hash.update(text);
  };
  add(revision);
  add(boost::json::serialize(to_json(status.state)));
  add(status.error ? *status.error : "");
  for (const auto& one : installed) add(boost::json::serialize(to_json(one)));
  for (const auto& one : operations) add(boost::json::serialize(to_json(one)));
  for (const auto& [name, value] : request.query) {
    add(name);
    add(value);
  }
  add(request.path);
  return "W/\"" + to_hex(hash.finish()).substr(0, 32) + "\"";
}

Response not_modified(const std::string& etag) {
  Response response = empty(304);
  response.set_header("ETag", etag);
  return response;
}

boost::json::object body_of(const marketplace::Answer& answer,
                            const registry::CatalogStatus& status,
                            const marketplace::Query& query) {
  const auto& view = answer.view;
  boost::json::array rows;
  rows.reserve(view.rows.size());
  for (const auto& row : view.rows) rows.push_back(to_wire(row));
  auto catalog = to_json(status).as_object();
  if (!answer.digest.empty()) {  // of what was asked, should a newer one have come meanwhile
    catalog["digest"] = answer.digest;
    catalog["commit"] = answer.commit;
  }
  boost::json::object body{
      {"catalog", std::move(catalog)},
      {"rows", std::move(rows)},
      {"total", view.counts.shown},
      {"next_cursor", view.next_cursor.empty() ? Json() : Json(view.next_cursor)},
      {"counts", to_json(view.counts)},
      {"facets", to_json(view.facets)},
      {"empty_reason", view.empty_reason ? to_json(*view.empty_reason) : Json()}};
  if (!query.q.empty()) {
    body["search"] = boost::json::object{{"by", to_json(answer.searched_by)},
                                         {"corrections", to_json(answer.corrections)}};
  }
  return body;
}

Result<Response> list_response(const MarketplaceServices& services, const Request& request) {
  HUB_TRY(query, query_of(request));
  const auto installed = services.store.installed();
  const auto operations = live_operations(services);
  const auto status = services.catalog.status();
  const auto etag =
      etag_of(services.marketplace.revision(), status, installed, operations, request);
  if (etag_matches(request.header("if-none-match"), etag)) return not_modified(etag);
  HUB_TRY(answer, services.marketplace.ask(installed, operations, query));
  auto response = json(200, body_of(answer, status, query));
  response.set_header("ETag", etag);
  return response;
}

Result<Response> details_response(const MarketplaceServices& services, const Request& request) {
  const auto kind = kind_of(request.path_value("kind"));
  if (!kind) {
    return fail(ErrorCode::not_found,
                "cannot show " + request.path_value("kind") + ": there is no such kind", "bad_kind",
                "ask for /api/marketplace/skill/{name} or /api/marketplace/scenario/{name}");
  }
  const auto installed = services.store.installed();
  const auto operations = live_operations(services);
  const auto status = services.catalog.status();
  const auto etag =
      etag_of(services.marketplace.revision(), status, installed, operations, request);
  if (etag_matches(request.header("if-none-match"), etag)) return not_modified(etag);
  HUB_TRY(body,
          services.marketplace.details(installed, operations, *kind, request.path_value("name"),
                                       request.query_value("lang").value_or("")));
  body["catalog"] = to_json(status);
  auto response = json(200, body);
  response.set_header("ETag", etag);
  return response;
}

using Answerer = Result<Response> (*)(const MarketplaceServices&, const Request&);

Handler answered_by(const MarketplaceServices& services, Answerer answer) {
  return blocking(services.workers, [services, answer](const Request& request) {
    auto response = answer(services, request);
    return response ? *std::move(response) : problem(response.error());
  });
}

}  // namespace

void add_marketplace_routes(Router& router, const MarketplaceServices& services) {
  router.add("GET", "/api/marketplace", Auth::token, answered_by(services, list_response));
  router.add("GET", "/api/marketplace/{kind}/{name}", Auth::token,
             answered_by(services, details_response));
}

}  // namespace hub::http
