#include "winnow/net/address_guard.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

namespace winnow::net {
namespace {

std::string kind_of(const char* text) {
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  if (::inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    EXPECT_EQ(format_address(reinterpret_cast<const sockaddr&>(ipv4)), text);
    return std::string(special_address(reinterpret_cast<const sockaddr&>(ipv4)));
  }
  EXPECT_EQ(::inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1) << text;
  ipv6.sin6_family = AF_INET6;
  return std::string(special_address(reinterpret_cast<const sockaddr&>(ipv6)));
}

TEST(AddressGuard, LetsPublicAddressesPass) {
  for (const char* text : {"1.1.1.1",          "8.8.8.8",         "9.255.255.255",
                           "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
                           "126.255.255.255",  "128.0.0.0",       "169.253.255.255",
                           "169.255.0.0",      "172.15.255.255",  "172.32.0.0",
                           "192.167.255.255",  "192.169.0.0",     "198.17.255.255",
                           "198.20.0.0",       "223.255.255.255", "2606:4700:4700::1111",
                           "2001:200::1",      "2a00:1450::1",    "::ffff:8.8.8.8",
                           "64:ff9b::808:808", "2002:808:808::1"}) {
    EXPECT_EQ(kind_of(text), "") << text;
  }
}

TEST(AddressGuard, NamesWhatIsNotPublicInIpv4) {
  for (const char* text :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"}) {
    EXPECT_EQ(kind_of(text), "a private address") << text;
  }
  for (const char* text : {"127.0.0.1", "127.255.255.255"})
    EXPECT_EQ(kind_of(text), "a loopback address") << text;
  for (const char* text : {"169.254.0.0", "169.254.169.254"})
    EXPECT_EQ(kind_of(text), "a link-local address") << text;
  for (const char* text : {"0.0.0.0", "0.255.255.255"})
    EXPECT_EQ(kind_of(text), "an unspecified address") << text;
  for (const char* text : {"100.64.0.0", "100.127.255.255"}) {
    EXPECT_EQ(kind_of(text), "a carrier's private address") << text;
  }
  for (const char* text : {"198.18.0.0", "198.19.255.255"})
    EXPECT_EQ(kind_of(text), "a benchmarking address") << text;
  for (const char* text : {"192.0.2.1", "198.51.100.255", "203.0.113.0"}) {
    EXPECT_EQ(kind_of(text), "a documentation address") << text;
  }
  for (const char* text : {"224.0.0.1", "239.255.255.255"})
    EXPECT_EQ(kind_of(text), "a multicast address") << text;
  for (const char* text : {"192.0.0.1", "192.88.99.1", "240.0.0.1", "255.255.255.255"}) {
    EXPECT_EQ(kind_of(text), "a reserved address") << text;
  }
}

TEST(AddressGuard, NamesWhatIsNotPublicInIpv6) {
  EXPECT_EQ(kind_of("::"), "an unspecified address");
  EXPECT_EQ(kind_of("::1"), "a loopback address");
  for (const char* text : {"fc00::1", "fdff::1", "fec0::1"})
    EXPECT_EQ(kind_of(text), "a private address") << text;
  for (const char* text : {"fe80::1", "febf::1"}) EXPECT_EQ(kind_of(text), "a link-local address") << text;
  for (const char* text : {"ff02::1", "ff0e::1"}) EXPECT_EQ(kind_of(text), "a multicast address") << text;
  for (const char* text : {"2001:db8::1", "3fff::1"})
    EXPECT_EQ(kind_of(text), "a documentation address") << text;
  for (const char* text : {"2001::1", "2001:2::1", "100::1", "64:ff9b:1::1", "5f00::1", "4000::1"}) {
    EXPECT_EQ(kind_of(text), "a reserved address") << text;
  }
}

TEST(AddressGuard, LooksInsideWrappedIpv4) {
  for (const char* text : {"::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1"}) {
    EXPECT_EQ(kind_of(text), "a loopback address") << text;
  }
  for (const char* text : {"::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"}) {
    EXPECT_EQ(kind_of(text), "a link-local address") << text;
  }
  EXPECT_EQ(kind_of("::ffff:10.1.2.3"), "a private address");
  EXPECT_EQ(kind_of("::2"), "an unspecified address");
}

TEST(AddressGuard, RefusesOtherFamilies) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_EQ(special_address(address), "no internet address");
  EXPECT_EQ(format_address(address), "an unknown kind of address");
}

}  // namespace
}  // namespace winnow::net
