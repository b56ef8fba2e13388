#include "winnow/httpd/responder.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace winnow::httpd {
namespace {

struct Recorder {
  std::vector<int> statuses;
  Responder make() {
    return Responder([this](const Response& response) { statuses.push_back(response.status); });
  }
};

TEST(Responder, AnswersOnceAndOnlyOnce) {
  Recorder recorder;
  {
    Responder respond = recorder.make();
    respond(text_response(201, ""));
    respond(text_response(202, ""));
  }
  EXPECT_EQ(recorder.statuses, std::vector<int>({201}));
}

TEST(Responder, Answers500WhenItIsForgotten) {
  Recorder recorder;
  { const Responder respond = recorder.make(); }
  EXPECT_EQ(recorder.statuses, std::vector<int>({500}));
}

TEST(Responder, HandsItsDutyOn) {
  Recorder recorder;
  Responder first = recorder.make();
  Responder second = std::move(first);
  EXPECT_TRUE(recorder.statuses.empty());
  second(text_response(200, ""));
  EXPECT_EQ(recorder.statuses, std::vector<int>({200}));

  Recorder other;
  Responder replaced = other.make();
  replaced = recorder.make();
  EXPECT_EQ(other.statuses, std::vector<int>({500}))
      << "the request it stood for is not left without an answer";
  replaced(text_response(203, ""));
  EXPECT_EQ(recorder.statuses, std::vector<int>({200, 203}));
}

}  // namespace
}  // namespace winnow::httpd
