#include "registry/push_message.hpp"

namespace hub::registry {
namespace {

constexpr std::size_t subject_names_max = 3;

std::string label_of(const Offer& offer) {
  return to_text(offer.kind) + " " + offer.name + " " + offer.version;
}

std::string subject_of(const std::vector<const Offer*>& offers) {
  if (offers.size() == 1) {
    const Offer& only = *offers.front();
    return only.message.empty() ? "publish " + label_of(only) : only.message;
  }
  std::string subject = "publish " + std::to_string(offers.size()) + " artifacts:";
  for (std::size_t at = 0; at < offers.size() && at < subject_names_max; ++at) {
    subject.append(at == 0 ? " " : ", ").append(offers[at]->name);
  }
  return offers.size() > subject_names_max ? subject + ", …" : subject;
}

}  // namespace

std::string message_of(const std::vector<const Offer*>& offers) {
  std::string text = subject_of(offers) + "\n\n";
  bool any = false;
  for (const Offer* offer : offers) {
    if (offers.size() == 1 || offer->message.empty()) continue;
    text.append(label_of(*offer)).append(": ").append(offer->message).append("\n");
    any = true;
  }
  if (any) text += "\n";
  for (const Offer* offer : offers) {
    text.append("Artifact: ").append(to_text(offer->kind)).append(":").append(offer->name);
    text.append("@").append(offer->version).append("\nTree: ").append(offer->tree).append("\n");
    if (!offer->publisher.owner_id.empty()) {
      text.append("Publisher: ").append(offer->publisher.owner_id).append("\n");
    }
  }
  return text;
}

}  // namespace hub::registry
