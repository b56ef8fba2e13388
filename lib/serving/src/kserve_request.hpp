// Bodies of POST /v2/models/NAME/infer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "batcher.hpp"
#include "winnow/httpd/message.hpp"

namespace winnow::serving {

struct KserveOutput {
  std::string name;
  bool binary = false;
  std::size_t classes = 0;  // above 0: the best so many, as text
};

struct KserveQuestion {
  std::string id;
  std::vector<Input> inputs;
  std::vector<Bytes> unpacked;        // what inputs may lie in
  std::vector<KserveOutput> outputs;  // as asked for, or all that the model has
};

// inputs may point into the request's body. The failure's message is for people.
[[nodiscard]] Result<KserveQuestion> read_kserve_request(const httpd::Request& request,
                                                         const ServedModel& model, std::size_t most_pictures);

// The answer's JSON, and behind it the binary outputs.
[[nodiscard]] httpd::Response write_kserve_answer(const KserveQuestion& question,
                                                  const std::vector<Outcome>& outcomes,
                                                  const ServedModel& model);

// Name, datatype and shape of what a model gives, as its metadata lists it.
[[nodiscard]] Json kserve_outputs(const ServedModel& model);

}  // namespace winnow::serving
