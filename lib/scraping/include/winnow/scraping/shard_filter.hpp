#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "winnow/scraping/candidate.hpp"

namespace winnow::scraping {

// One of `count` parts, from 1.
struct Shard {
  unsigned number = 1;
  unsigned count = 1;
};

// "2/8". Nothing if it is anything else, or the number is not between 1 and the count.
[[nodiscard]] std::optional<Shard> parse_shard(std::string_view text);

// The part that an address belongs to. All addresses of a host are in the same part, so that the limits for a
// host hold without the parts knowing of each other; the same on every machine, whatever the order.
[[nodiscard]] unsigned shard_of(std::string_view address, unsigned count);

// Lets through the candidates of one part. The source hears of the others that they were not kept; failures
// pass.
class ShardFilter : public CandidateSource {
 public:
  ShardFilter(std::unique_ptr<CandidateSource> source, Shard shard)
      : source_(std::move(source)), shard_(shard) {}

  std::optional<Finding> next(const std::stop_token& stop) override;
  [[nodiscard]] std::size_t expected() const override;
  void enough(const std::string& label) override { source_->enough(label); }
  void settled(const Candidate& candidate, Verdict verdict) override { source_->settled(candidate, verdict); }

 private:
  const std::unique_ptr<CandidateSource> source_;
  const Shard shard_;
};

}  // namespace winnow::scraping
