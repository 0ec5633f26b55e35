// ydoc_probe: one SharedDocument behind standard input and output, for oracle.mjs to drive.
//
// Request: u32 length (little endian), command byte, payload. Answer: parts, each u32 length and
// bytes, after a u32 count of parts.
//   O  varUint author, varUint first claimed, rest: foreign store  -> open afresh; greeting
//   W  JSON [["set", [path], value] | ["map", [path]] | ["erase", [path]] | ["rotate", [path]]]
//                                                                  -> broadcast frame or empty
//   N  varUint author                                              -> renew; broadcast frame
//   M  frame from a browser  -> "" or error reason, "1" when forged, broadcast, persist, answers...
//   D  state vector          -> update with all that it lacks
//   F                        -> foreign store, encoded; its bytes as text
//   J                        -> the hub's live values as JSON
//   G                        -> greeting
//   S                        -> number of structs the hub's part holds, as text

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "ydoc/shared_document.hpp"

namespace {

using namespace hub::ydoc;  // NOLINT(google-build-using-namespace): a small program of its own

std::optional<std::string> read_request() {
  std::array<unsigned char, 4> head{};
  if (std::fread(head.data(), 1, 4, stdin) != 4) return std::nullopt;
  const std::size_t length =
      static_cast<std::size_t>(head[0]) | static_cast<std::size_t>(head[1]) << 8U |
      static_cast<std::size_t>(head[2]) << 16U | static_cast<std::size_t>(head[3]) << 24U;
  std::string out(length, '\0');
  if (std::fread(out.data(), 1, length, stdin) != length) return std::nullopt;
  return out;
}

void write_number(std::size_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    std::fputc(static_cast<int>((value >> shift) & 0xFFU), stdout);
  }
}

void answer(const std::vector<std::string>& parts) {
  write_number(parts.size());
  for (const std::string& part : parts) {
    write_number(part.size());
    std::fwrite(part.data(), 1, part.size(), stdout);
  }
  std::fflush(stdout);
}

std::string text_of(const Frame& frame) { return frame ? *frame : std::string(); }

void write_values(AuthoredDocument& document, std::string_view payload) {
  const auto steps = boost::json::parse(payload);
  for (const auto& step : steps.as_array()) {
    const auto& parts = step.as_array();
    Path path;
    for (const auto& part : parts[1].as_array()) path.emplace_back(part.as_string());
    const std::string_view verb = parts[0].as_string();
    if (verb == "set") {
      document.set(path, parts[2]);
    } else if (verb == "map") {
      document.set_map(path);
    } else if (verb == "erase") {
      document.erase(path);
    } else {
      document.rotate(path);
    }
  }
}

std::vector<std::string> take(SharedDocument& document, std::string_view frame) {
  const auto message = decode_message(frame);
  if (!message) return {message.error().reason, "", "", ""};
  const auto reaction = document.handle(*message);
  if (!reaction) return {reaction.error().reason, "", "", ""};
  std::vector<std::string> out{"", reaction->forged ? "1" : "", text_of(reaction->broadcast),
                               reaction->persist};
  for (const Frame& one : reaction->answers) out.push_back(*one);
  return out;
}

SharedDocument open(std::string_view payload) {
  Reader in(payload);
  const ClientId author = in.var_uint();
  const ClientId first_claimed = in.var_uint();
  ForeignStore foreign;
  const std::string_view kept = payload.substr(in.position());
  if (!kept.empty() && !foreign.merge(kept)) std::abort();
  return SharedDocument(author, first_claimed, std::move(foreign));
}

std::vector<std::string> obey(std::optional<SharedDocument>& document, std::string_view request) {
  const std::string_view payload = request.substr(1);
  switch (request[0]) {
    case 'O': document = open(payload); return {text_of(document->greeting())};
    case 'W': write_values(document->authored(), payload); return {text_of(document->commit())};
    case 'N': return {text_of(document->renew(Reader(payload).var_uint()))};
    case 'M': return take(*document, payload);
    case 'D': return {document->encode_diff(decode_state_vector(payload).value())};
    case 'F': return {document->foreign().encode(), std::to_string(document->foreign().bytes())};
    case 'J': return {boost::json::serialize(document->authored().to_json())};
    case 'G': return {text_of(document->greeting())};
    case 'S': return {std::to_string(document->authored().structs())};
    default: std::abort();
  }
}

}  // namespace

int main() {
  std::optional<SharedDocument> document;
  while (const auto request = read_request()) answer(obey(document, *request));
  return 0;
}
