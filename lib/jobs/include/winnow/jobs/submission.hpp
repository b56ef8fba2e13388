// From what somebody has uploaded to a job in the queue, and from a finished job to its results.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "winnow/core/error.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/task_handler.hpp"

namespace winnow::jobs {

struct Submission {
  std::string user_id;
  std::filesystem::path file;             // the upload: an archive, or a picture
  std::string name;                       // what the sender calls it
  std::string model;                      // empty: the first
  std::optional<std::string> client_key;  // the same twice is one job
};

// Looks all through the upload first, so that what is refused is refused at once. Returns the job's id, once
// the upload is in the store and the job in the queue. Failure codes: those of UploadReader, and
// "no_pictures". Throws what stores and databases throw; what is left then is found by reconcile().
[[nodiscard]] Result<std::string> submit(const Handlers& use, const Submission& submission);

// Fetches the results of a job that is done. Nothing where they are not hot: an owner who should have them
// hot gets them back. Throws what stores throw.
[[nodiscard]] bool fetch_results(const Handlers& use, const Job& job, const std::filesystem::path& file);

}  // namespace winnow::jobs
