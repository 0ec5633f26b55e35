#pragma once
// One question to a MarketplaceCatalog and what the hub has, prepared. Inner header of this room.

#include <optional>
#include <unordered_map>
#include <vector>

#include "marketplace/here.hpp"
#include "marketplace/marketplace_catalog.hpp"
#include "marketplace/ranking.hpp"

namespace hub::marketplace {

struct MarketplaceCatalog::Asking {
  Asking(std::span<const InstalledArtifact> installed, std::span<const OperationState> operations,
         const Query& asked)
      : query(asked), question(asked.q), here(installed), holders(operations) {}

  const Query& query;
  Question question;
  InstalledIndex here;
  HolderIndex holders;
  std::unordered_map<std::size_t, const InstalledArtifact*> mine;  // by position

  // Numbers of the filters' values; nothing: one that no entry has.
  std::optional<std::vector<std::uint32_t>> tags = {};
  std::optional<std::uint32_t> publisher = {};

  Positions named;    // every word of the question is in the name or a title
  Positions fitting;  // the question; once sifted, the filters too
  Positions shown;
};

}  // namespace hub::marketplace
