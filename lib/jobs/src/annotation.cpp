#include "winnow/jobs/annotation.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "winnow/core/parallel.hpp"
#include "winnow/core/temporary_folder.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/results.hpp"
#include "winnow/jobs/task_kinds.hpp"
#include "winnow/jobs/tier.hpp"
#include "winnow/jobs/upload_reader.hpp"

namespace winnow::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kProgressEvery = std::chrono::milliseconds(500);

constexpr std::string_view kStart =
    "UPDATE jobs SET state='running',started_at=COALESCE(started_at,now_us()),answered=0,unreadable=0"
    " WHERE id=$1 AND state IN('queued','running') AND deleted_at IS NULL RETURNING id";
constexpr std::string_view kProgress =
    "UPDATE jobs SET answered=$2,unreadable=$3 WHERE id=$1 AND state='running' AND deleted_at IS NULL"
    " RETURNING id";
constexpr std::string_view kDone =
    "UPDATE jobs SET state='done',result_key=$2,result_bytes=$3,result_sha256=$4,answered=$5,pictures=$5,"
    "unreadable=$6,completed_at=now_us() WHERE id=$1 AND state='running' AND deleted_at IS NULL RETURNING id";

// The upload itself is at fault: another try would end the same way.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The owner has cancelled it.
struct NoLongerWanted : std::runtime_error {
  NoLongerWanted() : std::runtime_error("the job is no longer wanted") {}
};

// Pictures go through some threads and come out in their order. At most a batch for each thread is held.
class Pipeline {
 public:
  Pipeline(UploadReader& reader, Annotator& annotator, ResultWriter& writer, std::size_t batch)
      : reader_(reader), annotator_(annotator), writer_(writer), batch_(batch) {}

  // Called by each of the threads; returns when there is nothing more.
  void run(const std::stop_token& stop, const std::function<void(std::int64_t, std::int64_t)>& progress) {
    while (true) {
      std::vector<Picture> pictures;
      std::vector<std::string> failures;  // by picture; empty where it can be answered
      std::uint64_t turn = 0;
      {
        const std::lock_guard lock(reading_);
        throw_if_stopped(stop);
        read(pictures, failures);
        if (pictures.empty()) return;
        turn = next_read_++;
      }
      std::vector<Annotation> annotations;
      std::exception_ptr failure;
      try {
        annotations = answer(pictures, failures);
      } catch (...) {
        failure = std::current_exception();
      }
      std::unique_lock lock(writing_);
      turn_changed_.wait(lock, [&] { return next_written_ == turn || broken_; });
      if (broken_) return;
      try {
        if (failure) std::rethrow_exception(failure);
        write(pictures, annotations, progress);
      } catch (...) {
        broken_ = true;
        turn_changed_.notify_all();
        throw;
      }
      ++next_written_;
      turn_changed_.notify_all();
    }
  }

  [[nodiscard]] std::int64_t answered() const { return answered_; }
  [[nodiscard]] std::int64_t unreadable() const { return unreadable_; }

 private:
  void read(std::vector<Picture>& pictures, std::vector<std::string>& failures) {
    while (!at_end_ && pictures.size() < batch_) {
      Result<std::optional<UploadEntry>> entry = reader_.next();
      if (!entry) {
        at_end_ = true;
        throw Refused(entry.failure().message);
      }
      if (!*entry) {
        at_end_ = true;
        return;
      }
      UploadEntry& found = **entry;
      failures.push_back(found.failure ? found.failure->message : "");
      pictures.push_back({std::move(found.name), std::move(found.bytes)});
    }
  }

  std::vector<Annotation> answer(std::vector<Picture>& pictures, const std::vector<std::string>& failures) {
    std::vector<Picture> readable;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      if (failures[i].empty()) readable.push_back({pictures[i].name, std::move(pictures[i].bytes)});
    }
    std::vector<Annotation> answers;
    if (!readable.empty()) answers = annotator_.annotate(readable);
    std::vector<Annotation> all;
    std::size_t next = 0;
    for (const std::string& failure : failures) {
      if (failure.empty()) {
        all.push_back(std::move(answers.at(next++)));
      } else {
        all.push_back({.answer = {}, .thumbnail = {}, .unreadable = failure});
      }
    }
    return all;
  }

  void write(const std::vector<Picture>& pictures, const std::vector<Annotation>& annotations,
             const std::function<void(std::int64_t, std::int64_t)>& progress) {
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const Annotation& one = annotations[i];
      if (one.unreadable.empty()) {
        writer_.add(pictures[i].name, one.answer, one.thumbnail);
      } else {
        ++unreadable_;
        writer_.add(pictures[i].name, {{"error", one.unreadable}}, {});
        writer_.log(pictures[i].name + ": " + one.unreadable);
      }
      ++answered_;
    }
    progress(answered_, unreadable_);
  }

  UploadReader& reader_;
  Annotator& annotator_;
  ResultWriter& writer_;
  const std::size_t batch_;

  std::mutex reading_;  // for the next two
  bool at_end_ = false;
  std::uint64_t next_read_ = 0;

  std::mutex writing_;  // for the rest
  std::condition_variable turn_changed_;
  std::uint64_t next_written_ = 0;
  bool broken_ = false;
  std::int64_t answered_ = 0;
  std::int64_t unreadable_ = 0;
};

struct Packed {
  std::filesystem::path file;
  std::int64_t answered = 0;
  std::int64_t unreadable = 0;
};

Packed answer_upload(const Handlers& use, const Job& job, const std::filesystem::path& upload,
                     const std::filesystem::path& folder, const std::stop_token& stop, Annotator& annotator,
                     const AnnotationOptions& options) {
  UploadReader reader(upload, job.name, {.max_entries = static_cast<std::uint64_t>(use.terms.pictures)});
  ResultWriter writer(folder, job.name);
  writer.log(fmt::format("{} ({}), {}", job.name, format_bytes(static_cast<std::uint64_t>(job.input_bytes)),
                         annotator.description()));
  Pipeline pipeline(reader, annotator, writer, options.batch);
  const Clock::time_point start = Clock::now();
  Clock::time_point told = start;
  const auto progress = [&](std::int64_t answered, std::int64_t unreadable) {
    if (Clock::now() - told < kProgressEvery) return;
    told = Clock::now();
    bool wanted = true;
    use.database.write([&](Transaction& transaction) {
      wanted = !transaction.run(kProgress, {job.id, answered, unreadable}).empty();
    });
    if (!wanted) throw NoLongerWanted();
  };
  parallel_for(options.threads, options.threads, stop, [&](std::size_t) { pipeline.run(stop, progress); });
  const std::chrono::duration<double> took = Clock::now() - start;
  writer.log(fmt::format(
      "{} answered, {} could not be read, in {:.1f} s",
      format_count(static_cast<std::uint64_t>(pipeline.answered() - pipeline.unreadable()), "picture"),
      pipeline.unreadable(), took.count()));
  return {writer.finish(), pipeline.answered(), pipeline.unreadable()};
}

void give_up(const Handlers& use, const Task& task, const std::string& why) {
  complete(use.database, task,
           [&](Transaction& transaction) { bury(transaction, kAnnotate, task.subject, why); });
}

}  // namespace

Later annotate(const Handlers& use, const Task& task, const std::stop_token& stop, const FindAnnotator& find,
               const AnnotationOptions& options) {
  std::optional<Job> job;
  use.database.write([&](Transaction& transaction) {
    job.reset();
    check_lease(transaction, task);
    if (!transaction.run(kStart, {task.subject}).empty()) job = find_job(transaction, task.subject);
  });
  use.at("annotate.started");
  if (!job) {
    complete(use.database, task);
    return {};
  }
  const TemporaryFolder folder;
  Packed packed;
  try {
    const std::shared_ptr<Annotator> annotator = find(job->model);
    const std::filesystem::path upload = folder.path() / "upload";
    use.store.fetch(job->input_key, upload);
    use.at("annotate.fetched");
    packed = answer_upload(use, *job, upload, folder.path(), stop, *annotator, options);
  } catch (const Refused& refused) {
    give_up(use, task, refused.what());
    return {};
  } catch (const NoLongerWanted&) {
    complete(use.database, task);
    return {};
  }
  use.at("annotate.answered");
  // Of its own for each try: who comes late overwrites nothing.
  const std::string key = fmt::format("results/{}/{}", job->id, task.lease_token);
  const storage::ObjectInfo stored = use.store.put(key, packed.file);
  use.at("annotate.stored");
  try {
    complete(use.database, task, [&](Transaction& transaction) {
      const auto standing = standing_of(transaction, job->user_id);
      const bool won = !transaction
                            .run(kDone, {job->id, key, static_cast<std::int64_t>(stored.bytes), stored.sha256,
                                         packed.answered, packed.unreadable})
                            .empty();
      discard(transaction, won ? job->input_key : key);
      if (won && standing && !standing->premium)
        plan_archive(transaction, job->id, standing->epoch, use.terms.archive_after);
    });
  } catch (const LeaseLost&) {
    use.store.remove(key);
    throw;
  }
  use.at("annotate.committed");
  return {};
}

}  // namespace winnow::jobs
