#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "winnow/core/error.hpp"
#include "winnow/scraping/local_file.hpp"

namespace winnow::scraping {

// A picture that may be worth fetching, with what its source says of it. Only url and label are always there.
struct Candidate {
  std::string url{};  // as the source wrote it, made absolute
  std::string label{};
  std::string page_url{};  // where a person can look at it
  std::string title{};
  std::string creator{};
  std::string licence{};  // as the source wrote it
  std::string source{};   // "list", "page", or the name of a provider
  std::string licence_url{};
  std::string creator_url{};
  std::string source_id{};   // what the provider knows the picture by
  std::string query{};       // the words it was found with
  std::string permission{};  // what the user says allows the use, where the source's terms do not
  std::shared_ptr<const LocalFile> file{};  // where it is, if it need not be fetched; url is then its name
};

// What a source has found: a candidate, or, with a failure, something it looked for candidates in and could
// not read; url and label then say what and for which label.
struct Finding {
  Candidate candidate;
  std::optional<Failure> failure;
};

// What became of a candidate.
enum class Verdict {
  kKept,
  kNotKept,    // failed, or is there already
  kNotNeeded,  // there is enough for its label
};

// Where candidates come from. One thread calls next(), any may call enough() and settled().
class CandidateSource {
 public:
  CandidateSource() = default;
  virtual ~CandidateSource() = default;
  CandidateSource(const CandidateSource&) = delete;
  CandidateSource& operator=(const CandidateSource&) = delete;

  // Waits for the next finding. Nothing when there are no more, or once a stop is asked for.
  virtual std::optional<Finding> next(const std::stop_token& stop) = 0;

  // How many there will be, 0 if that cannot be said.
  [[nodiscard]] virtual std::size_t expected() const { return 0; }

  // Nothing more is needed for this label: next() may leave out what it has for it, asks nobody for more, and
  // stops waiting for what is on its way. Thread-safe, must not wait.
  virtual void enough(const std::string& /*label*/) {}

  // What became of a candidate that next() has given: every one without a failure is answered for once, so
  // that a source looks for no more than is needed. Comes from any thread, also while another waits in
  // next().
  virtual void settled(const Candidate& /*candidate*/, Verdict /*verdict*/) {}
};

}  // namespace winnow::scraping
