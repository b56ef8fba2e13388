#include "winnow/scraping/collector.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "history.hpp"
#include "recorder.hpp"
#include "winnow/core/bounded_queue.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/text.hpp"
#include "winnow/net/opt_out.hpp"

namespace winnow::scraping {
namespace {

// Candidates that wait for their hosts or for room under their label. Large, so that a slow host with
// thousands of addresses at the head of a list does not hide the fast ones behind it; a waiting one takes
// about 1 kB.
constexpr std::size_t kMaxWaiting = 20'000;

struct Label {
  std::uint64_t kept = 0;
  std::uint64_t under_way = 0;
  std::deque<std::shared_ptr<struct Item>> deferred;  // until it is clear that they are needed
};

struct Item {
  Candidate candidate;
  std::optional<net::Url> url;  // moves on to the client; nothing for what is on the disk
  Label& label;
};

struct Fetched {
  std::shared_ptr<Item> item;
  Result<net::HttpResponse> answer;
};

ManifestRow row_for(const Candidate& candidate, RowOutcome outcome) {
  return {.url = candidate.url,
          .page_url = candidate.page_url,
          .label = candidate.label,
          .outcome = outcome,
          .licence = candidate.licence,
          .creator = candidate.creator,
          .title = candidate.title,
          .source = candidate.source,
          .retrieved_at = format_time(std::chrono::system_clock::now()),
          .licence_url = candidate.licence_url,
          .creator_url = candidate.creator_url,
          .source_id = candidate.source_id,
          .query = candidate.query,
          .permission = candidate.permission};
}

ManifestRow failed_row(const Candidate& candidate, const Failure& failure,
                       RowOutcome outcome = RowOutcome::kFailed) {
  ManifestRow row = row_for(candidate, outcome);
  row.reason = failure.code;
  row.detail = failure.message;
  return row;
}

// One thread, the caller's, draws candidates from the source and hands them to the client; the client's
// thread puts what arrives into a queue; `threads` workers check, write and record it. Nobody waits for room
// in the queue: it is bounded by kMaxWaiting, and while the bodies in it hold more than the client's
// max_buffered_bytes, the client starts nothing new.
class Collector {
 public:
  Collector(CandidateSource& source, ImageSetWriter& set, net::HttpClient& client,
            const CollectOptions& options, const Context& context)
      : source_(source),
        set_(set),
        client_(client),
        options_(options),
        context_(context),
        history_(!options.dedupe_across_labels, options.same_picture_bits),
        recorder_(set, options, context, source.expected()),
        arrived_(kMaxWaiting + 1) {}

  Summary run();

 private:
  void feed();
  void accept(Finding finding);
  void start(std::shared_ptr<Item> item);
  void work();
  void process(const Fetched& fetched);
  ManifestRow judge(const Fetched& fetched);
  ManifestRow judge_image(const Item& item, ByteSpan body);
  void settle(const Item& item, bool was_kept);
  void give_up(std::exception_ptr reason);
  [[nodiscard]] bool has_room(const Label& label) const;
  [[nodiscard]] bool is_full(std::uint64_t kept) const {
    return options_.count > 0 && kept >= options_.count;
  }

  CandidateSource& source_;
  ImageSetWriter& set_;
  net::HttpClient& client_;
  const CollectOptions& options_;
  const Context& context_;

  std::stop_source halt_;  // a stop from outside, or a failure that ends the run
  std::mutex mutex_;       // guards what follows, up to recorder_
  std::condition_variable changed_;
  std::unordered_map<std::string, Label> labels_;
  History history_;
  std::size_t waiting_ = 0;  // under way or deferred
  std::exception_ptr failure_;

  Recorder recorder_;
  BoundedQueue<Fetched> arrived_;
};

Summary Collector::run() {
  {
    const std::vector<History::EarlierLabel> earlier = history_.load(set_.folder());
    for (const History::EarlierLabel& label : earlier) {
      labels_[label.label].kept = label.kept;
      if (is_full(label.kept)) source_.enough(label.label);
    }
    recorder_.add_earlier(earlier);
  }
  const std::stop_callback on_stop(context_.stop, [this] { give_up(nullptr); });
  {
    const std::vector<std::jthread> workers =
        start_threads(std::max(1u, context_.threads), 1, [this] { work(); });
    try {
      feed();
    } catch (...) {
      give_up(std::current_exception());
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ == 0; });
    lock.unlock();
    arrived_.close();
  }
  Summary summary = recorder_.finish();
  if (failure_) {
    try {
      write_attribution(set_.folder());
    } catch (const Error&) {
      // The failure that ended the run is what people have to know about.
    }
    std::rethrow_exception(failure_);
  }
  write_attribution(set_.folder());
  // Someone who has pressed Ctrl-C waits for the prompt, not for the disk.
  if (!context_.stop.stop_requested()) set_.sync();
  return summary;
}

void Collector::feed() {
  while (std::optional<Finding> finding = source_.next(halt_.get_token())) {
    accept(std::move(*finding));
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ < kMaxWaiting || halt_.stop_requested(); });
  }
}

bool Collector::has_room(const Label& label) const {
  return options_.count == 0 || label.kept + label.under_way < options_.count;
}

void Collector::accept(Finding finding) {
  Candidate& candidate = finding.candidate;
  if (finding.failure)
    return recorder_.record(failed_row(candidate, *finding.failure, RowOutcome::kPageFailed));
  const bool is_local = candidate.file != nullptr;
  Result<net::Url> url = net::Url::parse(candidate.url);
  // A row could not hold it as it is, and the next run would not know it again.
  if (url && !is_utf8(candidate.url)) candidate.url = url->text();

  std::unique_lock lock(mutex_);
  Label& label = labels_[candidate.label];
  if (is_full(label.kept)) {
    lock.unlock();
    source_.settled(candidate, Verdict::kNotNeeded);
    return recorder_.pass_over();
  }
  if (!url && !is_local) {
    lock.unlock();
    source_.settled(candidate, Verdict::kNotKept);
    return recorder_.record(failed_row(candidate, url.failure()));
  }
  const History::Visit visit = history_.visit(candidate.label, url ? url->text() : candidate.url);
  if (visit == History::Visit::kFirst) {
    auto item = std::make_shared<Item>(Item{std::move(candidate), std::nullopt, label});
    if (!is_local) item->url = std::move(*url);
    ++waiting_;
    if (!has_room(label)) {
      label.deferred.push_back(std::move(item));
      return;
    }
    ++label.under_way;
    lock.unlock();
    return start(std::move(item));
  }
  lock.unlock();
  source_.settled(candidate, Verdict::kNotKept);
  if (visit == History::Visit::kAgain) return recorder_.record(row_for(candidate, RowOutcome::kDuplicateUrl));
  recorder_.pass_over();
}

void Collector::start(std::shared_ptr<Item> item) {
  if (item->candidate.file) {  // a worker reads it, when it gets there
    arrived_.try_push({std::move(item), Failure{"local", ""}});
    return;
  }
  net::HttpRequest request{
      .url = std::move(*item->url),
      .max_bytes = options_.max_bytes,
      .timeouts = options_.timeouts,
      .accept = "image/jpeg,image/png,image/webp,image/avif,image/gif,image/*;q=0.8,*/*;q=0.5"};
  client_.submit(std::move(request), [this, item = std::move(item)](Result<net::HttpResponse> answer) {
    arrived_.try_push({item, std::move(answer)});
  });
}

void Collector::work() {
  while (const std::optional<Fetched> fetched = arrived_.pop()) {
    try {
      process(*fetched);
    } catch (...) {
      give_up(std::current_exception());
      settle(*fetched->item, false);
    }
  }
}

void Collector::process(const Fetched& fetched) {
  // What was given up has no row: the next run will find it untried.
  const bool cancelled =
      halt_.stop_requested() || (!fetched.answer && fetched.answer.failure().code == "cancelled");
  bool was_kept = false;
  if (!cancelled) {
    const ManifestRow row = judge(fetched);
    recorder_.record(row);
    was_kept = row.outcome == RowOutcome::kKept;
  }
  settle(*fetched.item, was_kept);
}

ManifestRow Collector::judge(const Fetched& fetched) {
  const Candidate& candidate = fetched.item->candidate;
  if (candidate.file) {
    const Result<Bytes> bytes = read_local_file(*candidate.file, options_.max_bytes);
    return bytes ? judge_image(*fetched.item, *bytes) : failed_row(candidate, bytes.failure());
  }
  if (!fetched.answer) return failed_row(candidate, fetched.answer.failure());
  const net::HttpResponse& answer = *fetched.answer;
  if (answer.status < 200 || answer.status > 299) {
    return failed_row(
        candidate, {fmt::format("http_{}", answer.status), "answers " + net::describe_status(answer.status)});
  }
  if (!options_.robots_token.empty()) {
    if (const std::string header = net::opt_out(answer.headers, options_.robots_token); !header.empty())
      return failed_row(candidate, {"opted_out", "is not to be collected: " + header});
  }
  return judge_image(*fetched.item, answer.body);
}

ManifestRow Collector::judge_image(const Item& item, ByteSpan body) {
  const Candidate& candidate = item.candidate;
  const std::string sha256 = sha256_hex(body);
  std::optional<StoredForm> form;  // if it is not stored as it came
  std::optional<History::Known> original;
  {
    const std::lock_guard lock(mutex_);
    original = history_.find(candidate.label, sha256);
  }
  ManifestRow row = row_for(candidate, RowOutcome::kDuplicate);
  row.sha256 = sha256;
  row.bytes = body.size();
  if (!original) {
    Result<CheckedImage> image = check_image(body, options_.requirements, options_.storage);
    if (!image) return failed_row(candidate, image.failure());
    Result<std::optional<StoredForm>> changed =
        stored_form(body, image->info, options_.storage, std::move(image->picture));
    if (!changed) return failed_row(candidate, changed.failure());
    form = std::move(*changed);
    if (form) {
      row.fetched_sha256 = std::exchange(row.sha256, sha256_hex(form->bytes));
      row.bytes = form->bytes.size();
    }
    row.width = form ? form->width : image->info.width;
    row.height = form ? form->height : image->info.height;
    const image::Format format = form ? form->format : image->info.format;
    row.image_format = image::file_extension(format);
    row.phash = fmt::format("{:016x}", image->look.upright);
    row.file = image_file_name(candidate.label, row.sha256, row.image_format);
    const std::lock_guard lock(mutex_);
    original = history_.claim(candidate.label, row.sha256, format, image->look);
  }
  if (original && original->removed)
    return failed_row(candidate,
                      {"removed", "is a picture that was taken out of the set: " + original->file});
  if (original) return duplicate_row(std::move(row), *original);
  set_.write_image(candidate.label, row.file, form ? ByteSpan(form->bytes) : body);
  row.outcome = RowOutcome::kKept;
  return row;
}

// One candidate less under way; if it was not kept, another of its label may be needed in its place.
void Collector::settle(const Item& item, bool was_kept) {
  std::vector<std::shared_ptr<Item>> next;
  std::deque<std::shared_ptr<Item>> dropped;
  bool has_filled = false;
  {
    const std::lock_guard lock(mutex_);
    Label& label = item.label;
    --label.under_way;
    --waiting_;
    label.kept += was_kept ? 1 : 0;
    has_filled = was_kept && is_full(label.kept);
    if (halt_.stop_requested() || is_full(label.kept)) {
      waiting_ -= label.deferred.size();
      dropped.swap(label.deferred);
    }
    while (!label.deferred.empty() && has_room(label)) {
      next.push_back(std::move(label.deferred.front()));
      label.deferred.pop_front();
      ++label.under_way;
    }
    changed_.notify_all();
  }
  source_.settled(item.candidate, was_kept ? Verdict::kKept : Verdict::kNotKept);
  if (has_filled) source_.enough(item.candidate.label);
  for (const std::shared_ptr<Item>& unneeded : dropped) {
    recorder_.pass_over();
    source_.settled(unneeded->candidate, Verdict::kNotNeeded);
  }
  for (std::shared_ptr<Item>& needed : next) start(std::move(needed));
}

void Collector::give_up(std::exception_ptr reason) {
  {
    const std::lock_guard lock(mutex_);
    if (reason && !failure_) failure_ = std::move(reason);
  }
  halt_.request_stop();
  client_.stop();
  const std::lock_guard lock(mutex_);
  for (auto& [name, label] : labels_) {
    waiting_ -= label.deferred.size();
    label.deferred.clear();
  }
  changed_.notify_all();
}

}  // namespace

LabelSummary Summary::total() const {
  LabelSummary sum{.label = "total"};
  for (const LabelSummary& label : labels) {
    sum.found += label.found;
    sum.kept += label.kept;
    sum.duplicates += label.duplicates;
    sum.label_noise += label.label_noise;
    sum.failed += label.failed;
    for (const auto& [reason, count] : label.failed_by_reason) sum.failed_by_reason[reason] += count;
  }
  return sum;
}

Summary collect(CandidateSource& source, ImageSetWriter& set, net::HttpClient& client,
                const CollectOptions& options, const Context& context) {
  return Collector(source, set, client, options, context).run();
}

}  // namespace winnow::scraping
