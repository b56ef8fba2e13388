#include "winnow/net/host_limiter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace winnow::net {
namespace {

using namespace std::chrono_literals;
using Time = HostLimiter::Time;
using Ticket = HostLimiter::Ticket;

const Time kStart{};

std::vector<Ticket> take_all(HostLimiter& limiter, Time now) {
  std::vector<Ticket> taken;
  while (const auto ticket = limiter.take(now)) taken.push_back(*ticket);
  return taken;
}

TEST(HostLimiter, KeepsTheOrderOfOneHost) {
  HostLimiter limiter({0, 0ms});
  for (Ticket ticket = 1; ticket <= 4; ++ticket) limiter.add("a", ticket);
  limiter.add_first("a", 9);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{9, 1, 2, 3, 4}));
  EXPECT_EQ(limiter.next_ready(), std::nullopt);
}

TEST(HostLimiter, HoldsToTheNumberAtATime) {
  HostLimiter limiter({2, 0ms});
  for (Ticket ticket = 1; ticket <= 4; ++ticket) limiter.add("a", ticket);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{1, 2}));
  EXPECT_EQ(limiter.next_ready(), std::nullopt);
  limiter.finished("a");
  EXPECT_EQ(limiter.next_ready(), kStart);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{3}));
  limiter.finished("a");
  limiter.finished("a");
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{4}));
}

TEST(HostLimiter, HoldsToTheInterval) {
  HostLimiter limiter({2, 1000ms});
  for (Ticket ticket = 1; ticket <= 3; ++ticket) limiter.add("a", ticket);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{1}));
  EXPECT_EQ(limiter.next_ready(), kStart + 1s);
  EXPECT_EQ(take_all(limiter, kStart + 999ms), (std::vector<Ticket>{}));
  EXPECT_EQ(take_all(limiter, kStart + 1s), (std::vector<Ticket>{2}));
  limiter.finished("a");
  limiter.finished("a");
  EXPECT_EQ(take_all(limiter, kStart + 1500ms), (std::vector<Ticket>{}));
  EXPECT_EQ(take_all(limiter, kStart + 2s), (std::vector<Ticket>{3}));
}

TEST(HostLimiter, RemembersTheIntervalOfAHostThatWasIdle) {
  HostLimiter limiter({2, 1000ms});
  limiter.add("a", 1);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{1}));
  limiter.finished("a");
  EXPECT_EQ(take_all(limiter, kStart + 500ms), (std::vector<Ticket>{}));
  limiter.add("a", 2);
  EXPECT_EQ(take_all(limiter, kStart + 600ms), (std::vector<Ticket>{}));
  EXPECT_EQ(take_all(limiter, kStart + 1s), (std::vector<Ticket>{2}));
}

TEST(HostLimiter, HostsDoNotWaitForEachOther) {
  HostLimiter limiter({1, 1000ms});
  limiter.add("slow", 1);
  limiter.add("slow", 2);
  limiter.add("fast", 3);
  limiter.add("other", 4);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{1, 3, 4}));
}

TEST(HostLimiter, HostsTakeTurns) {
  HostLimiter limiter({0, 0ms});
  for (Ticket ticket = 1; ticket <= 3; ++ticket) limiter.add("many", ticket);
  limiter.add("few", 10);
  limiter.add("one", 20);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{1, 10, 20, 2, 3}));
}

TEST(HostLimiter, APausedHostWaitsAndTheOthersDoNot) {
  HostLimiter limiter({0, 0ms});
  limiter.add("a", 1);
  limiter.add("b", 2);
  limiter.pause("a", kStart + 30s);
  EXPECT_EQ(take_all(limiter, kStart + 29s), (std::vector<Ticket>{2}));
  EXPECT_EQ(limiter.next_ready(), kStart + 30s);
  EXPECT_EQ(take_all(limiter, kStart + 30s), (std::vector<Ticket>{1}));
}

TEST(HostLimiter, APauseHoldsForWhatComesLater) {
  HostLimiter limiter({0, 0ms});
  limiter.pause("a", kStart + 30s);
  EXPECT_EQ(take_all(limiter, kStart), (std::vector<Ticket>{}));
  limiter.add("a", 1);
  EXPECT_EQ(take_all(limiter, kStart + 10s), (std::vector<Ticket>{}));
  EXPECT_EQ(take_all(limiter, kStart + 30s), (std::vector<Ticket>{1}));
}

TEST(HostLimiter, AShorterPauseDoesNotCutALongerOne) {
  HostLimiter limiter({0, 0ms});
  limiter.add("a", 1);
  limiter.pause("a", kStart + 30s);
  limiter.pause("a", kStart + 5s);
  EXPECT_EQ(limiter.next_ready(), kStart + 30s);
}

TEST(HostLimiter, AHostCanWantMoreTime) {
  HostLimiter limiter({2, 1000ms});
  limiter.set_interval("a", 5s);
  limiter.set_interval("b", 10ms);  // the limits are what is asked for at least
  for (const char* host : {"a", "a", "b", "b"}) limiter.add(host, 1);
  EXPECT_EQ(take_all(limiter, kStart).size(), 2u);
  EXPECT_EQ(take_all(limiter, kStart + 1s).size(), 1u);
  EXPECT_EQ(limiter.next_ready(), kStart + 5s);
}

TEST(HostLimiter, GivesBackWhatWaitsForAHost) {
  HostLimiter limiter({1, 0ms});
  for (Ticket ticket = 1; ticket <= 3; ++ticket) limiter.add("a", ticket);
  limiter.add("b", 9);
  EXPECT_EQ(limiter.take(kStart), 1u);
  EXPECT_EQ(limiter.take_out("a"), (std::vector<Ticket>{2, 3}));
  EXPECT_EQ(limiter.take_out("none"), std::vector<Ticket>{});
  limiter.finished("a");
  EXPECT_EQ(take_all(limiter, kStart), std::vector<Ticket>{9});
  limiter.add("a", 4);
  EXPECT_EQ(take_all(limiter, kStart), std::vector<Ticket>{4});
}

// With a scan over hosts or tickets at every step, this would take minutes.
TEST(HostLimiter, ThousandsOfHostsAndAMillionTicketsAreNoBurden) {
  constexpr Ticket kTickets = 1'000'000;
  constexpr Ticket kHosts = 20'000;
  HostLimiter limiter({2, 1000ms});
  std::vector<std::string> names;
  for (Ticket i = 0; i < kHosts; ++i) names.push_back(fmt::format("host{}.example", i));
  for (Ticket i = 0; i < kTickets; ++i) limiter.add(names[i % kHosts], i);
  Ticket served = 0;
  for (Time now = kStart; limiter.next_ready(); now += 1s) {
    const std::vector<Ticket> taken = take_all(limiter, now);
    ASSERT_EQ(taken.size(), kHosts);  // every host once in every second
    served += taken.size();
    for (const Ticket ticket : taken) limiter.finished(names[ticket % kHosts]);
  }
  EXPECT_EQ(served, kTickets);
}

}  // namespace
}  // namespace winnow::net
