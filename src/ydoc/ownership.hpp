#pragma once
// Who may write what in a webspace's document (docs/decisions/0001-ydoc-author-and-relay.md).
//
// The hub alone writes the roots `runtime` and `registry`, and `data.infrastate` and
// `data.desktop.toasts`. Everything it writes there is authored under a reserved client id, a
// different one each time the document is opened. So a browser's struct touches it if and only if
// it names one of these places as its parent, or a reserved id as parent, origin or right origin.
//
// `data.desktop` is written by both. Its Y.Map is struct 0 of a client id of its own, always the
// same bytes, so that what browsers keep in it outlives restarts. The id is above every id that
// Yjs draws (32 bits): of two concurrent values of a key the higher id wins, so a browser that
// made its own `data.desktop` before it was connected comes round to ours.

#include <optional>
#include <string_view>

#include "ydoc/update.hpp"

namespace hub::ydoc {

inline constexpr ClientId kAuthorMin = 1, kAuthorMax = 65535;  // the hub's, one per opening
inline constexpr ClientId kContainerAuthor = ClientId{1} << 32U;
inline constexpr StructId kDesktopContainer{kContainerAuthor, 0};

inline constexpr std::string_view kRootRuntime = "runtime", kRootRegistry = "registry",
                                  kRootData = "data";
inline constexpr std::string_view kKeyDesktop = "desktop", kKeyToasts = "toasts",
                                  kKeyInfrastate = "infrastate";

constexpr bool is_author(ClientId id) { return id >= kAuthorMin && id <= kAuthorMax; }
constexpr bool is_reserved(ClientId id) { return is_author(id) || id == kContainerAuthor; }

constexpr bool is_owned_root_key(std::string_view root, std::optional<std::string_view> key) {
  return root == kRootRuntime || root == kRootRegistry ||
         (root == kRootData && (key == kKeyDesktop || key == kKeyInfrastate));
}

// May not be written by anybody but the hub.
constexpr bool is_owned(const Struct& item) {
  if (item.kind != StructKind::item) return false;
  if (item.origin && is_reserved(item.origin->client)) return true;
  if (item.right_origin && is_reserved(item.right_origin->client)) return true;
  if (item.root) return is_owned_root_key(*item.root, item.key);
  if (!item.parent) return false;
  if (*item.parent == kDesktopContainer) return item.key == kKeyToasts;
  return is_reserved(item.parent->client);
}

}  // namespace hub::ydoc
