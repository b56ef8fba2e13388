#include "winnow/scraping/candidate_list.hpp"

#include <functional>
#include <unordered_set>

#include "winnow/core/progress.hpp"
#include "winnow/core/text.hpp"
#include "winnow/net/url.hpp"

namespace winnow::scraping {
namespace {

// Known by a hash, as the history of a set knows them.
std::size_t address_key(const Candidate& candidate) {
  const Result<net::Url> url = net::Url::parse(candidate.url);
  return std::hash<std::string>{}(candidate.label + "\n" + (url ? url->text() : candidate.url));
}

}  // namespace

Json to_json(const Candidate& candidate) {
  Json json = {{"url", candidate.url}, {"label", candidate.label}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  add("page_url", candidate.page_url);
  add("title", candidate.title);
  add("creator", candidate.creator);
  add("creator_url", candidate.creator_url);
  add("licence", candidate.licence);
  add("licence_url", candidate.licence_url);
  add("source", candidate.source);
  add("source_id", candidate.source_id);
  add("query", candidate.query);
  add("permission", candidate.permission);
  return json;
}

FindSummary find_candidates(CandidateSource& source, std::uint64_t count,
                            const std::function<void(const std::string&)>& line, const Context& context) {
  FindSummary summary;
  Progress progress(context.terminal, "finding", source.expected());
  std::unordered_set<std::size_t> seen;
  while (const std::optional<Finding> finding = source.next(context.stop)) {
    const Candidate& candidate = finding->candidate;
    if (finding->failure) {
      ++summary.failed;
      context.log.warn("{}: {}; skipped", printable(candidate.url, 200), finding->failure->message);
      continue;
    }
    progress.advance();
    std::uint64_t& found = summary.found[candidate.label];
    const bool is_needed = count == 0 || found < count;
    const bool is_new = is_needed && seen.insert(address_key(candidate)).second;
    if (is_new) {
      line(to_line(to_json(candidate)));
      ++found;
    }
    source.settled(candidate, is_new ? Verdict::kKept : is_needed ? Verdict::kNotKept : Verdict::kNotNeeded);
    if (count > 0 && found >= count) source.enough(candidate.label);
  }
  return summary;
}

}  // namespace winnow::scraping
