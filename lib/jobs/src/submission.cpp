#include "winnow/jobs/submission.hpp"

#include "winnow/core/text.hpp"
#include "winnow/jobs/tier.hpp"
#include "winnow/jobs/upload_reader.hpp"

namespace winnow::jobs {
namespace {

// Said to be hot, and is not: an archive that came late, or a hand in the store.
constexpr std::string_view kFoundCold =
    "UPDATE jobs SET storage='restoring',cold_key=result_key WHERE id=$1 AND result_key=$2 AND storage='hot'"
    " AND deleted_at IS NULL RETURNING user_id";

// How many entries may be pictures, or why the upload is refused.
Result<std::int64_t> count_pictures(const Submission& submission, const JobTerms& terms) {
  UploadReader reader(submission.file, submission.name,
                      {.max_entries = static_cast<std::uint64_t>(terms.pictures)});
  std::int64_t entries = 0;
  std::int64_t pictures = 0;
  while (true) {
    const Result<std::optional<UploadEntry>> entry = reader.next();
    if (!entry) return entry.failure();
    if (!entry.value()) break;
    ++entries;
    pictures += (*entry)->failure ? 0 : 1;
  }
  if (pictures == 0) return Failure{"no_pictures", "there is no picture in it"};
  return entries;
}

}  // namespace

Result<std::string> submit(const Handlers& use, const Submission& submission) {
  const Result<std::int64_t> pictures = count_pictures(submission, use.terms);
  if (!pictures) return pictures.failure();
  const std::string own_id = make_id();
  std::string id;
  std::string key;
  std::string state;
  use.database.write([&](Transaction& transaction) {
    id = create_job(transaction,
                    {.id = own_id,
                     .user_id = submission.user_id,
                     .name = printable(submission.name, 120),
                     .model = submission.model,
                     .input_key = "uploads/" + own_id + "/upload",
                     .input_bytes = static_cast<std::int64_t>(std::filesystem::file_size(submission.file)),
                     .pictures = *pictures,
                     .client_key = submission.client_key});
    const std::optional<Job> job = find_job(transaction, id);
    key = job ? job->input_key : "";
    state = job ? job->state : "deleted";
  });
  use.at("submit.created");
  // One that is there already is as good, unless its sender was cut off on the way and has come again with
  // it.
  if (state != "uploading") return id;
  use.store.put(key, submission.file);
  use.at("submit.stored");
  use.database.write([&](Transaction& transaction) { queue_job(transaction, id); });
  use.at("submit.queued");
  return id;
}

bool fetch_results(const Handlers& use, const Job& job, const std::filesystem::path& file) {
  if (job.state != "done" || job.storage == "cold" || job.storage == "restoring") return false;
  try {
    use.store.fetch(job.result_key, file);
    return true;
  } catch (const storage::ColdObjectError&) {
    use.database.write([&](Transaction& transaction) {
      const auto standing = standing_of(transaction, job.user_id);
      if (!standing || transaction.run(kFoundCold, {job.id, job.result_key}).empty()) return;
      if (standing->premium) {
        plan_restore(transaction, job.id, standing->epoch);
      } else {
        plan_archive(transaction, job.id, standing->epoch, use.terms.archive_after);
      }
    });
    return false;
  } catch (const Error& error) {
    // Archived since the job was looked at.
    if (error.kind() == ErrorKind::kNotFound) return false;
    throw;
  }
}

}  // namespace winnow::jobs
