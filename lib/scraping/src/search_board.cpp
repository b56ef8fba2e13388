#include "search_board.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace winnow::scraping {
namespace {

// Some of what is given out will turn out to be gone, small or a duplicate: so many more are given out at
// once.
std::uint64_t spare_for(std::uint64_t count) {
  return count / 4 + 4;
}

bool is_final(const Failure& failure) {
  constexpr std::array<std::string_view, 8> kCodes = {"blocked",  "refused",  "rate_limited", "timeout",
                                                      "http_401", "http_403", "http_429",     "host_down"};
  return std::find(kCodes.begin(), kCodes.end(), failure.code) != kCodes.end();
}

}  // namespace

SearchBoard::SearchBoard(std::vector<SearchProvider> providers, std::vector<SearchQuery> queries,
                         SearchOptions options)
    : options_(options) {
  for (SearchProvider& search : providers) {
    const RequestLimit limit = search.provider->limit();
    providers_.push_back({.search = std::move(search), .budget = RequestBudget(limit), .asked = {}});
  }
  for (const SearchQuery& query : queries) {
    const auto [place, is_new] = places_.try_emplace(query.label, labels_.size());
    if (is_new) labels_.push_back({.name = query.label});
    for (std::size_t provider = 0; provider < providers_.size(); ++provider) {
      labels_[place->second].streams.push_back(streams_.size());
      streams_.push_back({.label = place->second, .provider = provider, .words = query.words});
    }
  }
}

bool SearchBoard::is_hungry(const Label& label) const {
  if (label.full) return false;
  if (options_.count == 0) return true;
  return label.kept < options_.count && label.kept + label.open < options_.count + spare_for(options_.count);
}

bool SearchBoard::needs_page(const SearchStream& stream) const {
  return !stream.finished && !stream.awaited && stream.hits.empty() && is_hungry(labels_[stream.label]);
}

SearchBoard::Time SearchBoard::ready_at(const State& state) const {
  return std::max(state.ready_at, state.budget.ready_at());
}

std::optional<Finding> SearchBoard::take(std::string& report_address, std::size_t& provider) {
  if (!failures_.empty()) {
    Finding finding = std::move(failures_.front());
    failures_.pop_front();
    return finding;
  }
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const std::size_t place = (turn_ + i) % labels_.size();
    Label& label = labels_[place];
    if (!is_hungry(label)) continue;
    for (std::size_t j = 0; j < label.streams.size(); ++j) {
      const std::size_t turn = (label.turn + j) % label.streams.size();
      SearchStream& stream = streams_[label.streams[turn]];
      if (stream.hits.empty()) continue;
      SearchHit hit = std::move(stream.hits.front());
      stream.hits.pop_front();
      label.turn = turn + 1;
      turn_ = place + 1;
      ++label.open;
      hit.candidate.label = label.name;
      hit.candidate.query = stream.words;
      hit.candidate.permission = providers_[stream.provider].search.permission;
      report_address = std::move(hit.report_address);
      provider = stream.provider;
      return Finding{std::move(hit.candidate), std::nullopt};
    }
  }
  return std::nullopt;
}

// The streams of a provider take turns, too.
std::optional<std::size_t> SearchBoard::next_stream(State& state) {
  const auto provider = static_cast<std::size_t>(&state - providers_.data());
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const std::size_t index = (state.turn + i) % streams_.size();
    if (streams_[index].provider == provider && needs_page(streams_[index])) return index;
  }
  return std::nullopt;
}

std::optional<std::size_t> SearchBoard::start(Time now) {
  for (State& state : providers_) {
    if (state.asked) continue;
    const std::optional<std::size_t> index = next_stream(state);
    if (!index) continue;
    const Time ready = ready_at(state);
    if (ready > now + options_.max_wait) {
      fail(streams_[*index], {"rate_limited", "grants no more requests for now; go on later"});
      continue;
    }
    if (ready > now) continue;
    state.turn = *index + 1;
    state.asked = index;
    state.budget.spend(now);
    state.overdue_at = now + options_.max_wait;
    streams_[*index].awaited = true;
    return index;
  }
  return std::nullopt;
}

bool SearchBoard::done() const {
  if (!failures_.empty()) return false;
  return std::all_of(labels_.begin(), labels_.end(), [this](const Label& label) {
    if (label.full || (options_.count > 0 && label.kept >= options_.count)) return true;
    return std::all_of(label.streams.begin(), label.streams.end(), [this](std::size_t index) {
      return streams_[index].finished && streams_[index].hits.empty();
    });
  });
}

std::optional<SearchBoard::Time> SearchBoard::next_time() const {
  std::optional<Time> earliest;
  const auto consider = [&](Time time) { earliest = std::min(earliest.value_or(time), time); };
  for (const State& state : providers_) {
    if (state.asked) consider(state.overdue_at);
  }
  for (const SearchStream& stream : streams_) {
    const State& state = providers_[stream.provider];
    if (!state.asked && needs_page(stream)) consider(ready_at(state));
  }
  return earliest;
}

void SearchBoard::found(std::size_t index, Result<SearchPage> page, Time now) {
  SearchStream& stream = streams_[index];
  State& state = providers_[stream.provider];
  if (!stream.awaited) return;  // it has been given up
  stream.awaited = false;
  state.asked.reset();
  if (!page) return fail(stream, page.failure());
  if (!page->ask_again) return accept(stream, std::move(*page));
  if (++stream.asked_again > options_.max_ask_again) {
    return fail(stream, {"rate_limited", "stays too busy to answer"});
  }
  leave_alone(stream.provider, *page->ask_again, now);
}

void SearchBoard::accept(SearchStream& stream, SearchPage page) {
  stream.asked_again = 0;
  stream.barren = page.hits.empty() ? stream.barren + 1 : 0;
  for (SearchHit& hit : page.hits) stream.hits.push_back(std::move(hit));
  const bool goes_on = !page.next.empty() && ++stream.pages < options_.max_pages &&
                       stream.barren < options_.max_barren && stream.seen.insert(page.next).second;
  stream.finished = !goes_on;
  stream.page = std::move(page.next);
}

void SearchBoard::fail(SearchStream& stream, Failure failure) {
  const Provider& provider = *providers_[stream.provider].search.provider;
  failure.message = provider.redact(std::move(failure.message));
  const std::string& address = stream.shown.empty() ? std::string(provider.name()) : stream.shown;
  failures_.push_back({{.url = provider.redact(address),
                        .label = labels_[stream.label].name,
                        .source = std::string(provider.name()),
                        .query = stream.words},
                       std::nullopt});
  stream.finished = true;
  if (is_final(failure)) finish_provider(stream.provider);
  failures_.back().failure = std::move(failure);
}

void SearchBoard::finish_provider(std::size_t provider) {
  for (SearchStream& stream : streams_) {
    if (stream.provider == provider) stream.finished = true;
  }
}

void SearchBoard::leave_alone(std::size_t provider, std::chrono::milliseconds pause, Time now) {
  State& state = providers_[provider];
  state.ready_at = std::max(state.ready_at, now + pause);
}

void SearchBoard::give_up_overdue(Time now) {
  for (State& state : providers_) {
    if (!state.asked || state.overdue_at > now) continue;
    SearchStream& stream = streams_[*state.asked];
    stream.awaited = false;
    state.asked.reset();
    fail(stream,
         {"timeout", "does not answer, or wants to be left alone for long; is left out from here on"});
  }
}

void SearchBoard::abandon(std::size_t index) {
  SearchStream& stream = streams_[index];
  stream.awaited = false;
  providers_[stream.provider].asked.reset();
  finish_provider(stream.provider);
}

void SearchBoard::settled(const std::string& name, Verdict verdict) {
  const auto place = places_.find(name);
  if (place == places_.end()) return;
  Label& label = labels_[place->second];
  if (label.open > 0) --label.open;
  if (verdict == Verdict::kKept) ++label.kept;
  if (verdict == Verdict::kNotNeeded) label.full = true;
}

void SearchBoard::enough(const std::string& name) {
  if (const auto place = places_.find(name); place != places_.end()) labels_[place->second].full = true;
}

}  // namespace winnow::scraping
