#include "scrape/search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/source_terms.hpp"

namespace winnow::tools {
namespace {

using scraping::SourceTerms;
using scraping::TrainingTerms;

constexpr std::size_t kMaxWords = 200;  // Openverse cuts off what is longer

[[noreturn]] void complain(const std::string& where, const std::string& message) {
  throw Error(ErrorKind::kUsage, where, message);
}

std::string key_of(const ScrapeOptions& options, std::string_view source) {
  const auto key = options.keys.find(std::string(source));
  return key == options.keys.end() ? std::string() : key->second;
}

void check_source(const ScrapeOptions& options, const std::string& name) {
  const SourceTerms* source = scraping::find_source(name);
  if (source == nullptr) {
    std::string known;
    for (const SourceTerms& one : scraping::source_terms()) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
    }
    complain("--source", fmt::format("there is no source \"{}\"; there are {}", printable(name, 50), known));
  }
  if (source->terms == TrainingTerms::kForbiddenWithoutPermission && options.permission_note.empty()) {
    complain("--source " + name,
             fmt::format("{}; if you have permission, say whose with --permission-note", source->why));
  }
  if (source->terms == TrainingTerms::kUnknown && licence_policy(options) != scraping::LicencePolicy::kAny) {
    complain("--source " + name,
             "does not know who has the rights; --licence any takes pictures nevertheless");
  }
  if (source->needs_key && key_of(options, name).empty()) {
    complain("--source " + name, "needs a key; set " + key_variable(name));
  }
}

void check_queries(const ScrapeOptions& options) {
  if (!options.queries.empty() && options.queries.size() != options.labels.size()) {
    complain("", fmt::format("each --query needs a --label of its own; there are {} and {}",
                             options.queries.size(), options.labels.size()));
  }
  for (const std::string& query : options.queries) {
    if (trim(query).empty()) complain("--query", "is empty");
    if (query.size() > kMaxWords) complain("--query", fmt::format("is longer than {} bytes", kMaxWords));
    if (!is_utf8(query)) complain("--query", "is not UTF-8");
  }
}

}  // namespace

bool is_search(const ScrapeOptions& options) {
  return !options.queries.empty() ||
         (options.pages.empty() && options.urls.empty() && options.from.empty() && !options.labels.empty());
}

void check_search(const ScrapeOptions& options) {
  check_queries(options);
  for (const std::string& name : options.sources) check_source(options, name);
  if (options.contact.empty()) {
    complain("--contact", "is needed for a search: the sources want a mail address or URL to reach you at");
  }
  if (options.collect.count == 0) {
    complain("--count",
             "is needed for a search, which has no end of its own: pictures wanted for each label");
  }
}

std::vector<scraping::SearchQuery> search_queries(const ScrapeOptions& options) {
  std::vector<scraping::SearchQuery> queries;
  for (std::size_t i = 0; i < options.labels.size(); ++i) {
    std::string words = options.queries.empty() ? options.labels[i] : std::string(trim(options.queries[i]));
    // As names of folders, labels are often written so.
    if (options.queries.empty()) std::replace(words.begin(), words.end(), '_', ' ');
    queries.push_back({options.labels[i], std::move(words)});
  }
  return queries;
}

std::vector<scraping::SearchProvider> search_providers(const ScrapeOptions& options) {
  std::vector<scraping::SearchProvider> providers;
  for (const std::string& name : options.sources) {
    const auto same = [&](const auto& other) { return other.provider->name() == name; };
    if (std::any_of(providers.begin(), providers.end(), same)) continue;
    const auto address = options.api_addresses.find(name);
    const bool by_permission =
        scraping::find_source(name)->terms == TrainingTerms::kForbiddenWithoutPermission;
    providers.push_back(
        {scraping::make_provider(
             name, {.address = address == options.api_addresses.end() ? std::string() : address->second,
                    .key = key_of(options, name),
                    .licences = licence_policy(options)}),
         by_permission ? options.permission_note : ""});
  }
  return providers;
}

scraping::SearchOptions search_options(const ScrapeOptions& options) {
  scraping::SearchOptions search = options.search;
  search.count = options.collect.count;
  return search;
}

scraping::LicencePolicy licence_policy(const ScrapeOptions& options) {
  if (const auto policy = scraping::policy_named(options.licence)) return *policy;
  return is_search(options) ? scraping::LicencePolicy::kFree : scraping::LicencePolicy::kAny;
}

bool report_shortage(std::map<std::string, std::uint64_t> counts, const ScrapeOptions& options, Logger& log) {
  for (const std::string& label : options.labels) counts.try_emplace(label, 0);
  bool is_short = false;
  for (const auto& [label, count] : counts) {
    if (count >= options.collect.count) continue;
    is_short = true;
    log.warn("{}: {} of {}, there are no more; try other {}", label, count,
             format_count(options.collect.count, "picture"),
             is_search(options) ? "words (--query) or sources (--source)" : "pages or lists, with --resume");
  }
  return is_short;
}

std::string key_variable(std::string_view source) {
  std::string name = fmt::format("WINNOW_SCRAPE_{}_KEY", source);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

std::string help_end() {
  std::string text = "Sources for --query, and what their terms say of training data:\n";
  for (const SourceTerms& source : scraping::source_terms()) {
    text += fmt::format("  {:<10} {:<29} {}{}\n", source.name, scraping::terms_name(source.terms), source.why,
                        source.needs_key ? "; needs a key" : "");
  }
  return text + "\n" + ScrapeOptions::kExample;
}

}  // namespace winnow::tools
