#include "ydoc/filter.hpp"

#include "ydoc/ownership.hpp"
#include "ydoc/update.hpp"

namespace hub::ydoc {

namespace {

bool is_forbidden(const Struct& one) {
  return is_owned(one) || (one.kind == StructKind::item && one.content == ContentKind::document);
}

}  // namespace

Result<FilteredUpdate> filter_update(std::string_view update) {
  FilteredUpdate out;
  UpdateWriter rewritten;
  UpdateReader in(update);
  while (const auto header = in.next_client()) {
    Writer structs;
    std::size_t count = 0;
    Clock end = header->clock;
    while (const auto one = in.next_struct()) {
      ++count;
      end = one->end();
      if (!is_forbidden(*one)) {
        structs.raw(one->bytes);
        continue;
      }
      if (!is_reserved(header->client)) ++out.forged_structs;
      write_gc(structs, one->length);
    }
    if (is_reserved(header->client)) {
      out.returned[header->client] = end;
    } else if (count > 0) {
      rewritten.client(*header, count, structs.take());
    }
  }
  for (auto& [client, set] : in.deletes()) {
    if (is_reserved(client)) {
      out.refused_deletes.emplace(client, set);
    } else {
      rewritten.deletes(client, set);
    }
  }
  HUB_CHECK(in.end());
  out.changed = out.forged_structs > 0 || !out.returned.empty() || !out.refused_deletes.empty();
  if (out.changed) out.rewritten = rewritten.take();
  return out;
}

}  // namespace hub::ydoc
