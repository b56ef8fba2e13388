#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/net/url.hpp"

namespace winnow::scraping {

struct PageLimits {
  std::size_t max_images = 20'000;  // further ones are passed over
  std::size_t max_links = 5000;
  // What the parsed page may take. A page made to be slow or large in the parser ends here.
  std::size_t max_memory = 256'000'000;
  std::chrono::milliseconds max_time{2000};
  std::string robots_token{};  // as which robots meta elements may name us; empty, opt-outs are not read
};

struct PageImage {
  net::Url url;
  std::string title;
};

struct HtmlPage {
  std::vector<PageImage> images;  // in the order of the page, each once
  std::optional<net::Url> next;   // the page that follows: rel=next of a link or an anchor
  std::string licence;            // the address that rel=license names
  std::string opt_out;            // "meta robots: noai", if the page asks not to be used, or ""
  std::vector<net::Url> links;    // to what may be other pages, each once, without those marked nofollow
};

// Reads a page as browsers do (HTML5), whatever its bytes. For each picture it takes the best address there
// is: a link to an image file around it, the largest of srcset and of the <source>s of a <picture>, data-src,
// data-original or data-lazy-src, and src. Links to image files count also without a picture in them.
// og:image and twitter:image count if there is nothing else. data:, blob: and SVG are passed over. If
// opt-outs are read, nofollow leaves `next` empty. Failure code: "page_too_complex". Thread-safe.
[[nodiscard]] Result<HtmlPage> parse_page(ByteSpan html, const net::Url& url, const PageLimits& limits = {});

}  // namespace winnow::scraping
