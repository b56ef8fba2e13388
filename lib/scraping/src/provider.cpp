#include "winnow/scraping/provider.hpp"

#include <fmt/format.h>

#include "api_address.hpp"
#include "commons.hpp"
#include "flickr.hpp"
#include "openverse.hpp"
#include "pexels.hpp"
#include "pixabay.hpp"
#include "serpapi.hpp"
#include "unsplash.hpp"

namespace winnow::scraping {
namespace {

void replace_all(std::string& text, const std::string& what) {
  if (what.empty()) return;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), "[key]");
    at += 5;
  }
}

}  // namespace

Result<ApiRequest> Provider::report(std::string_view /*address*/) const {
  return Failure{"bad_url", "is not wanted by this provider"};
}

std::string Provider::redact(std::string text) const {
  replace_all(text, settings_.key);
  replace_all(text, percent_encode(settings_.key));
  return text;
}

std::string Provider::address_or(std::string_view usual) const {
  return settings_.address.empty() ? std::string(usual) : settings_.address;
}

std::unique_ptr<const Provider> make_provider(std::string_view name, ProviderSettings settings) {
  if (name == "commons") return std::make_unique<Commons>(std::move(settings));
  if (name == "openverse") return std::make_unique<Openverse>(std::move(settings));
  if (name == "flickr") return std::make_unique<Flickr>(std::move(settings));
  if (name == "serpapi") return std::make_unique<SerpApi>(std::move(settings));
  if (name == "pixabay") return std::make_unique<Pixabay>(std::move(settings));
  if (name == "pexels") return std::make_unique<Pexels>(std::move(settings));
  if (name == "unsplash") return std::make_unique<Unsplash>(std::move(settings));
  throw Error(ErrorKind::kUsage, "", fmt::format("there is no source \"{}\"", name));
}

}  // namespace winnow::scraping
