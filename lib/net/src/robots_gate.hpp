#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "robots_txt.hpp"
#include "winnow/core/error.hpp"
#include "winnow/net/host_limiter.hpp"
#include "winnow/net/http_message.hpp"

namespace winnow::net {

// Lets requests pass that the robots.txt of their origin (scheme, host and port) allows. Each is asked for
// once, however many requests wait for it, and remembered for a day, or for minutes if it could not be had.
// What is remembered is bounded: beyond kMaxBytes the oldest is forgotten. Fetching is the caller's. Not
// thread-safe.
class RobotsGate {
 public:
  using Time = HostLimiter::Time;
  using Ticket = HostLimiter::Ticket;
  static constexpr std::size_t kMaxBytes = 16'000'000;

  // token: as which robots.txt names us.
  explicit RobotsGate(std::string token) : token_(std::move(token)) {}

  enum class Verdict {
    kPass,
    kRefuse,  // for the reason given
    kWait,    // the ticket will come out of arrived()
    kAsk,     // the same, and the caller is to fetch robots.txt
  };
  struct Answer {
    Verdict verdict = Verdict::kPass;
    std::optional<Failure> why{};
  };
  // Failure codes: "robots", "opted_out", and that of a host which cannot be reached at all.
  [[nodiscard]] Answer knock(const Url& url, Ticket ticket, Time now);

  // What fetching the robots.txt of `asked` has brought. Returns the tickets that waited; they knock again.
  std::vector<Ticket> arrived(const Url& asked, const Result<HttpResponse>& answer, Time now);

  // How long this origin wants to be left alone after each request.
  [[nodiscard]] std::optional<std::chrono::milliseconds> crawl_delay(const Url& url) const;

 private:
  struct Origin {
    bool known = false;
    std::vector<Ticket> waiting;
    RobotsTxt rules;
    std::optional<Failure> unreachable;
    Time until{};  // known up to then
  };
  void judge(Origin& origin, const Url& asked, const Result<HttpResponse>& answer, Time now) const;
  void forget_oldest();

  const std::string token_;
  std::unordered_map<std::string, Origin> origins_;
  std::deque<std::string> order_;  // of the known ones, as they came
  std::size_t bytes_ = 0;
};

}  // namespace winnow::net
