#include "robots_gate.hpp"

#include <fmt/format.h>

namespace winnow::net {
namespace {

constexpr std::chrono::hours kRemember{24};  // RFC 9309, 2.4
constexpr std::chrono::minutes kRememberFailure{5};

}  // namespace

RobotsGate::Answer RobotsGate::knock(const Url& url, Ticket ticket, Time now) {
  const auto [place, is_new] = origins_.try_emplace(std::string(url.origin()));
  Origin& origin = place->second;
  if (origin.known && origin.until <= now) {
    origin.known = false;
    bytes_ -= origin.rules.bytes();
    std::erase(order_, place->first);
  }
  if (!origin.known) {
    origin.waiting.push_back(ticket);
    return {origin.waiting.size() == 1 ? Verdict::kAsk : Verdict::kWait};
  }
  if (origin.unreachable) return {Verdict::kRefuse, origin.unreachable};
  if (!origin.rules.allows(url.path())) {
    return {Verdict::kRefuse, Failure{"robots", "is closed to crawlers by the robots.txt of its host"}};
  }
  if (origin.rules.reserves_training(url.path())) {
    return {Verdict::kRefuse,
            Failure{"opted_out", "is not to be trained on, by Content-Usage in the robots.txt of its host"}};
  }
  return {};
}

std::vector<RobotsGate::Ticket> RobotsGate::arrived(const Url& asked, const Result<HttpResponse>& answer,
                                                    Time now) {
  const std::string name(asked.origin());
  Origin& origin = origins_[name];
  judge(origin, asked, answer, now);
  origin.known = true;
  bytes_ += origin.rules.bytes();
  order_.push_back(name);
  std::vector<Ticket> waiting = std::move(origin.waiting);
  origin.waiting.clear();
  while (bytes_ > kMaxBytes && order_.size() > 1) forget_oldest();
  return waiting;
}

// RFC 9309, 2.3.1: none there (4xx) allows everything, and so may too many redirects; what cannot be read for
// now forbids everything. 429 says nothing about a robots.txt, but that there is too much already.
void RobotsGate::judge(Origin& origin, const Url& asked, const Result<HttpResponse>& answer, Time now) const {
  origin.rules = {};
  origin.unreachable.reset();
  origin.until = now + kRemember;
  const auto forbid = [&](Failure why) {
    origin.unreachable = std::move(why);
    origin.until = now + kRememberFailure;
  };
  if (!answer) {
    const Failure& failure = answer.failure();
    if (failure.code == "too_many_redirects") return;
    // A host that cannot be reached is no matter of robots.txt: everything on it would fail alike.
    if (failure.code == "dns" || failure.code == "connect" || failure.code == "refused_address" ||
        failure.code == "tls" || failure.code == "host_down") {
      return forbid(failure);
    }
    return forbid({"robots", fmt::format("is left alone, since {}/robots.txt cannot be read ({})",
                                         asked.origin(), failure.message)});
  }
  if (answer->status >= 200 && answer->status <= 299) {
    origin.rules = RobotsTxt(as_text(answer->body), token_);
  } else if (answer->status == 429 || answer->status >= 500) {
    forbid({"robots", fmt::format("is left alone, since {}/robots.txt answers {}", asked.origin(),
                                  describe_status(answer->status))});
  }
}

void RobotsGate::forget_oldest() {
  const auto oldest = origins_.find(order_.front());
  order_.pop_front();
  bytes_ -= oldest->second.rules.bytes();
  origins_.erase(oldest);
}

std::optional<std::chrono::milliseconds> RobotsGate::crawl_delay(const Url& url) const {
  const auto found = origins_.find(std::string(url.origin()));
  return found == origins_.end() ? std::nullopt : found->second.rules.crawl_delay();
}

}  // namespace winnow::net
