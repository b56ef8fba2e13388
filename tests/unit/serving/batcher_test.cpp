#include "batcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "problems.hpp"
#include "running_site.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::serving {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Notes how many pictures are computed together.
class CountingClassifier : public ColourClassifier {
 public:
  CountingClassifier(std::shared_ptr<Gate> gate, std::shared_ptr<std::vector<std::size_t>> batches)
      : ColourClassifier(std::move(gate)), batches_(std::move(batches)) {}
  std::vector<inference::Prediction> classify(std::span<const std::uint8_t> pixels) override {
    batches_->push_back(pixels.size() / image::output_bytes(metadata().preprocessing));
    return ColourClassifier::classify(pixels);
  }

 private:
  const std::shared_ptr<std::vector<std::size_t>> batches_;
};

class BatcherTest : public testing::Test {
 protected:
  BatcherTest() : model_(open("test")) { batches_->clear(); }

  std::shared_ptr<const ServedModel> open(const std::string& name) {
    return std::make_shared<const ServedModel>(
        ModelId{name, 1}, std::make_unique<CountingClassifier>(gate_, batches_), 8, name);
  }

  // Answers with the labels, or the status of a refusal.
  std::future<std::string> push(Batcher& batcher, const std::string& jpeg, std::size_t pictures = 1,
                                std::function<bool()> wanted = {},
                                std::shared_ptr<const ServedModel> model = nullptr) {
    const auto kept = std::make_shared<const std::string>(jpeg);
    const auto answered = std::make_shared<std::promise<std::string>>();
    if (!model) model = model_;
    const auto answer = [model](const std::vector<Outcome>& outcomes) {
      std::string text;
      for (const Outcome& outcome : outcomes)
        text += outcome ? inference::make_answer(*outcome, model->metadata(), 1).label + " "
                        : outcome.failure().code;
      return httpd::text_response(200, text);
    };
    const auto refuse = [](const httpd::Problem& problem) {
      return httpd::text_response(problem.status, problem.code);
    };
    batcher.push(
        {model, kept, std::vector<Input>(pictures, Input{as_bytes(*kept), {}}),
         httpd::Responder([answered](const httpd::Response& response) { answered->set_value(response.body); },
                          std::move(wanted)),
         answer, refuse});
    return answered->get_future();
  }

  // Holds up the computing thread with a first picture.
  std::future<std::string> block(Batcher& batcher) {
    gate_->inside = 0;
    gate_->set_open(false);
    std::future<std::string> first = push(batcher, red_jpeg());
    gate_->wait_for_visitor();
    return first;
  }

  Logger log_{"test"};
  Metrics metrics_;
  const std::shared_ptr<ColourClassifier::Gate> gate_ = std::make_shared<ColourClassifier::Gate>();
  const std::shared_ptr<std::vector<std::size_t>> batches_ = std::make_shared<std::vector<std::size_t>>();
  std::shared_ptr<const ServedModel> model_;
};

TEST_F(BatcherTest, ComputesTogetherWhatHasGathered) {
  Batcher batcher({.decoders = 1, .batch = 4}, metrics_, log_);
  std::future<std::string> first = block(batcher);
  std::vector<std::future<std::string>> others;
  for (int i = 0; i < 6; ++i) others.push_back(push(batcher, i % 2 == 0 ? red_jpeg() : green_jpeg()));
  // Seven decoded ahead at most: one batch, and the next.
  while (metrics_.text().find("winnow_queue_requests 0") == std::string::npos)
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);  // the last of them is being decoded
  gate_->set_open(true);
  EXPECT_EQ(first.get(), "red ");
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(others[static_cast<std::size_t>(i)].get(), i % 2 == 0 ? "red " : "green ");
  EXPECT_THAT(*batches_, ElementsAre(1, 4, 2));
}

TEST_F(BatcherTest, KeepsTheModelsApart) {
  const auto other = open("other");
  batches_->clear();
  Batcher batcher({.decoders = 1, .batch = 4}, metrics_, log_);
  std::future<std::string> first = block(batcher);
  std::vector<std::future<std::string>> others;
  for (int i = 0; i < 4; ++i) others.push_back(push(batcher, red_jpeg(), 1, {}, i % 2 == 0 ? model_ : other));
  while (metrics_.text().find("winnow_queue_requests 0") == std::string::npos)
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  gate_->set_open(true);
  for (auto& answer : others) EXPECT_EQ(answer.get(), "red ");
  EXPECT_THAT(*batches_, ElementsAre(1, 2, 2));
}

TEST_F(BatcherTest, GivesEachPictureItsOutcome) {
  Batcher batcher({}, metrics_, log_);
  EXPECT_EQ(push(batcher, green_jpeg(), 3).get(), "green green green ");
  EXPECT_EQ(push(batcher, "no picture", 2).get(), "not_an_imagenot_an_image");
  EXPECT_EQ(push(batcher, red_jpeg(), 20).get().substr(0, 8), "red red ") << "more than fit into a batch";
}

TEST_F(BatcherTest, TakesPixelsAsTheyAre) {
  Batcher batcher({}, metrics_, log_);
  const std::size_t size = image::output_bytes(model_->metadata().preprocessing);
  Bytes blue(size, 0);
  for (std::size_t i = 2; i < size; i += 3) blue[i] = 255;
  std::promise<std::size_t> best;
  batcher.push({model_,
                nullptr,
                {{{}, blue}},
                httpd::Responder([](const httpd::Response&) {}),
                [&](const std::vector<Outcome>& outcomes) {
                  const auto& p = outcomes[0]->probabilities;
                  best.set_value(static_cast<std::size_t>(std::ranges::max_element(p) - p.begin()));
                  return httpd::text_response(200, "");
                },
                [](const httpd::Problem& problem) { return httpd::problem_response(problem); }});
  EXPECT_EQ(best.get_future().get(), 2U);
}

TEST_F(BatcherTest, ComputesNothingForWhoHasGone) {
  Batcher batcher({.decoders = 1}, metrics_, log_);
  std::future<std::string> first = block(batcher);
  std::future<std::string> gone = push(batcher, red_jpeg(), 1, [] { return false; });
  gate_->set_open(true);
  EXPECT_EQ(gone.get(), "deadline-passed");
  first.get();
  EXPECT_THAT(*batches_, ElementsAre(1));
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("winnow_rejected_total{reason=\"client_gone\"} 1"));
}

TEST_F(BatcherTest, RefusesWhatHasWaitedTooLong) {
  Batcher batcher({.decoders = 1, .deadline = 30ms}, metrics_, log_);
  std::future<std::string> first = block(batcher);
  std::future<std::string> late = push(batcher, red_jpeg());
  std::this_thread::sleep_for(60ms);
  gate_->set_open(true);
  EXPECT_EQ(first.get(), "red ") << "it had begun";
  EXPECT_EQ(late.get(), "deadline-passed");
  EXPECT_THAT(*batches_, ElementsAre(1));
}

TEST_F(BatcherTest, ChargesPicturesBeforeTheyAreDecoded) {
  // A header that claims much more than the file holds.
  const std::string wide = solid_jpeg(250, 2, 2, 2000, 2000);
  const auto info = image::inspect(as_bytes(wide));
  const std::uint64_t cost =
      image::decoding_bytes(*info, image::decoding_side(model_->metadata().preprocessing)) +
      image::output_bytes(model_->metadata().preprocessing);
  Batcher batcher({.decoders = 1, .decode_bytes = 2 * cost}, metrics_, log_);
  std::future<std::string> first = block(batcher);  // charged a little
  std::future<std::string> second = push(batcher, wide);
  EXPECT_EQ(push(batcher, wide).get(), "queue-full") << "at once, while nothing moves";
  gate_->set_open(true);
  first.get();
  EXPECT_EQ(second.get(), "red ");
  Batcher small({.decode_bytes = 1}, metrics_, log_);
  EXPECT_EQ(push(small, wide).get(), "red ") << "alone it is let in";
  EXPECT_EQ(push(small, wide).get(), "red ") << "what it was charged has been given back";
}

}  // namespace
}  // namespace winnow::serving
