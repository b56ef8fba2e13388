// From a body that has come in to a job.
#pragma once

#include <memory>
#include <string>

#include "desk.hpp"
#include "sinks.hpp"

namespace winnow::portal {

// What has been sent, as one file.
struct Upload {
  std::unique_ptr<SpoolFile> own;  // where the body had to be taken apart
  std::filesystem::path file;
  std::string name;
  std::string model;
  std::string form_token;
};

// More than the files themselves, that a multipart body of so much may have.
[[nodiscard]] std::uint64_t form_overhead(std::uint64_t limit);
[[nodiscard]] bool is_multipart(const httpd::Request& request);

// Takes the body apart; several files become one archive. Refuses what is no upload, and what is larger than
// the user may send.
[[nodiscard]] Upload read_upload(Desk& desk, const jobs::User& user, const httpd::Request& request);

// Returns the job's id, or refuses.
[[nodiscard]] std::string submit_upload(Desk& desk, const jobs::User& user, const Upload& upload,
                                        const std::optional<std::string>& client_key);

}  // namespace winnow::portal
