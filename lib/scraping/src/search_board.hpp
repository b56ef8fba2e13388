// The book-keeping of a search: whose turn it is, what is known, what has to be asked for. It knows nothing
// of threads and connections, and time is given from outside.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "request_budget.hpp"
#include "winnow/scraping/search_source.hpp"

namespace winnow::scraping {

// One query at one provider.
struct SearchStream {
  std::size_t label;
  std::size_t provider;
  std::string words;
  std::string page{};            // the next one
  std::string shown{};           // the address that was asked for last
  std::set<std::string> seen{};  // pages, against going in circles
  std::deque<SearchHit> hits{};
  unsigned pages = 0;
  unsigned barren = 0;
  unsigned asked_again = 0;
  bool awaited = false;
  bool finished = false;
};

// Not thread-safe.
class SearchBoard {
 public:
  using Time = RequestBudget::Time;

  SearchBoard(std::vector<SearchProvider> providers, std::vector<SearchQuery> queries, SearchOptions options);

  // What is there to be given out, for the label and the stream whose turn it is.
  std::optional<Finding> take(std::string& report_address, std::size_t& provider);
  // A stream whose next page is needed and may be asked for now. It counts as awaited from then on.
  std::optional<std::size_t> start(Time now);
  // True once nothing more can come.
  [[nodiscard]] bool done() const;
  // When start() may have something to do, or an answer is overdue, without anything else happening.
  [[nodiscard]] std::optional<Time> next_time() const;

  void asked(std::size_t stream, std::string shown) { streams_[stream].shown = std::move(shown); }
  void found(std::size_t stream, Result<SearchPage> page, Time now);
  void leave_alone(std::size_t provider, std::chrono::milliseconds pause, Time now);
  void give_up_overdue(Time now);
  void abandon(std::size_t stream);  // without a word: the run ends

  void settled(const std::string& label, Verdict verdict);
  void enough(const std::string& label);

  [[nodiscard]] const SearchStream& stream(std::size_t index) const { return streams_[index]; }
  [[nodiscard]] const Provider& provider(std::size_t index) const {
    return *providers_[index].search.provider;
  }

 private:
  struct Label {
    std::string name;
    std::vector<std::size_t> streams{};
    std::size_t turn = 0;
    std::uint64_t kept = 0;
    std::uint64_t open = 0;  // given out, and not settled
    bool full = false;
  };
  struct State {
    SearchProvider search;
    RequestBudget budget;
    std::size_t turn = 0;  // the stream to begin with
    std::optional<std::size_t> asked;
    Time ready_at = Time::min();
    Time overdue_at = Time::max();
  };

  [[nodiscard]] bool is_hungry(const Label& label) const;
  [[nodiscard]] bool needs_page(const SearchStream& stream) const;
  [[nodiscard]] Time ready_at(const State& state) const;
  void accept(SearchStream& stream, SearchPage page);
  void fail(SearchStream& stream, Failure failure);
  void finish_provider(std::size_t provider);
  std::optional<std::size_t> next_stream(State& state);

  const SearchOptions options_;
  std::vector<State> providers_;
  std::vector<Label> labels_;
  std::map<std::string, std::size_t> places_;  // in labels_
  std::vector<SearchStream> streams_;
  std::deque<Finding> failures_;
  std::size_t turn_ = 0;  // of the labels
};

}  // namespace winnow::scraping
