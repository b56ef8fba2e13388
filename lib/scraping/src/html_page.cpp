#include "winnow/scraping/html_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "html_tree.hpp"
#include "srcset.hpp"
#include "winnow/core/text.hpp"
#include "winnow/net/opt_out.hpp"

namespace winnow::scraping {
namespace {

std::string extension_of(const net::Url& url) {
  const std::string_view name = url.path().substr(url.path().rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  // "File:Cat.jpg" is a page about a picture: wikis name them so.
  if (dot == std::string_view::npos || name.find(':') != std::string_view::npos) return {};
  return to_lower(name.substr(dot + 1));
}

bool is_image_file(const net::Url& url) {
  constexpr std::array<std::string_view, 8> kExtensions = {"jpg",  "jpeg", "jpe",  "png",
                                                           "webp", "gif",  "avif", "bmp"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension_of(url)) != kExtensions.end();
}

// What is offered for download beside pages.
bool is_document(const net::Url& url) {
  constexpr std::array<std::string_view, 18> kExtensions = {"pdf", "zip",  "gz",  "tar", "7z",  "exe",
                                                            "dmg", "mp3",  "mp4", "avi", "mov", "webm",
                                                            "doc", "docx", "xls", "css", "js",  "xml"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension_of(url)) != kExtensions.end();
}

bool is_drawing(const net::Url& url) {
  const std::string extension = extension_of(url);
  return extension == "svg" || extension == "svgz" || extension == "ico";
}

bool has_token(std::string_view list, std::string_view token) {
  std::string spaced = to_lower(list);
  std::replace_if(
      spaced.begin(), spaced.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r' || c == '\f'; },
      ' ');
  const std::vector<std::string_view> words = split(spaced, ' ');
  return std::find(words.begin(), words.end(), token) != words.end();
}

// gumbo is older than the <picture> element.
bool is_picture(const GumboElement& element) {
  if (element.tag != GUMBO_TAG_UNKNOWN) return false;
  GumboStringPiece name = element.original_tag;
  gumbo_tag_from_original_text(&name);
  return to_lower({name.data, name.length}) == "picture";
}

// Collects in the order of the page; addresses are resolved as they come, since <base> stands before them.
class PageReader {
 public:
  PageReader(const net::Url& url, const PageLimits& limits) : limits_(limits), url_(url), base_(url) {}

  void enter(const GumboElement& element) {
    switch (element.tag) {
      case GUMBO_TAG_BASE:
        take_base(element);
        break;
      case GUMBO_TAG_META:
        take_meta(element);
        break;
      case GUMBO_TAG_LINK:
        take_relations(element);
        break;
      case GUMBO_TAG_A:
        take_relations(element);
        take_anchor(element);
        break;
      case GUMBO_TAG_SOURCE:
        if (pictures_open_ > 0 && attribute(element, "type") != "image/svg+xml") offer(element);
        break;
      case GUMBO_TAG_IMG:
        take_image(element);
        break;
      default:
        if (is_picture(element)) {
          ++pictures_open_;
          offered_ = {};
        }
        break;
    }
  }

  void leave(const GumboElement& element) {
    if (element.tag == GUMBO_TAG_A) linked_image_ = kNoImage;
    if (is_picture(element)) {
      --pictures_open_;
      offered_ = {};
    }
  }

  HtmlPage finish() {
    if (no_follow_) {
      page_.next.reset();
      page_.links.clear();
    }
    if (page_.images.empty() && social_image_) page_.images.push_back({*social_image_, {}});
    return std::move(page_);
  }

 private:
  static constexpr std::size_t kNoImage = static_cast<std::size_t>(-1);

  [[nodiscard]] std::optional<net::Url> resolve(std::string_view reference) const {
    if (trim(reference).empty() || is_inline(reference)) return std::nullopt;
    Result<net::Url> url = base_.resolve(reference);
    if (!url) return std::nullopt;
    return std::move(*url);
  }

  void take_base(const GumboElement& element) {
    if (has_base_ || attribute(element, "href").empty()) return;
    has_base_ = true;
    if (Result<net::Url> base = url_.resolve(attribute(element, "href"))) base_ = std::move(*base);
  }

  void take_robots(const GumboElement& element) {
    if (limits_.robots_token.empty()) return;
    const std::string name = to_lower(trim(attribute(element, "name")));
    const std::string_view content = attribute(element, "content");
    if (name == "tdm-reservation") {
      if (trim(content) == "1") page_.opt_out = "tdm-reservation: 1";
    } else if (name == "robots" || name == to_lower(limits_.robots_token)) {
      const std::string directive = net::opt_out_directive(content, limits_.robots_token);
      if (!directive.empty()) page_.opt_out = fmt::format("meta {}: {}", name, directive);
      for (const std::string_view part : split(content, ',')) {
        const std::string word = to_lower(trim(part));
        no_follow_ = no_follow_ || word == "nofollow" || word == "none";
      }
    }
  }

  void take_meta(const GumboElement& element) {
    take_robots(element);
    if (social_image_) return;
    for (const char* key : {"property", "name"}) {
      const std::string name = to_lower(attribute(element, key));
      if (name == "og:image" || name == "og:image:url" || name == "twitter:image") {
        social_image_ = resolve(attribute(element, "content"));
      }
    }
  }

  void take_relations(const GumboElement& element) {
    const std::string_view relations = attribute(element, "rel");
    if (relations.empty()) return;
    const std::optional<net::Url> target = resolve(attribute(element, "href"));
    if (!target) return;
    const bool may_follow = limits_.robots_token.empty() || !has_token(relations, "nofollow");
    if (!page_.next && may_follow && has_token(relations, "next")) page_.next = target;
    if (page_.licence.empty() && has_token(relations, "license")) page_.licence = target->text();
  }

  void take_anchor(const GumboElement& element) {
    linked_image_ = kNoImage;
    const std::optional<net::Url> target = resolve(attribute(element, "href"));
    if (!target) return;
    if (is_image_file(*target)) {
      linked_image_ = add(*target, attribute(element, "title"));
    } else if (!has_token(attribute(element, "rel"), "nofollow")) {
      add_link(*target);
    }
  }

  void offer(const GumboElement& element) {
    for (const char* name : {"srcset", "data-srcset", "data-lazy-srcset"}) {
      const SrcsetCandidate candidate = largest_in_srcset(attribute(element, name));
      if (!candidate.url.empty() && (offered_.url.empty() || candidate.size > offered_.size))
        offered_ = candidate;
    }
  }

  void take_image(const GumboElement& element) {
    const std::string_view alt = attribute(element, "alt");
    const std::string_view title = alt.empty() ? attribute(element, "title") : alt;
    if (linked_image_ != kNoImage) {  // it is the thumbnail of what the link leads to
      std::string& name = page_.images[linked_image_].title;
      if (name.empty()) name = trim(title);
      return;
    }
    offer(element);
    const std::array<std::string_view, 5> addresses = {
        offered_.url, attribute(element, "data-src"), attribute(element, "data-original"),
        attribute(element, "data-lazy-src"), attribute(element, "src")};
    offered_ = {};
    for (const std::string_view address : addresses) {
      if (const std::optional<net::Url> url = resolve(address)) {
        add(*url, title);
        return;
      }
    }
  }

  std::size_t add(const net::Url& url, std::string_view title) {
    if (is_drawing(url) || page_.images.size() >= limits_.max_images) return kNoImage;
    const auto [place, is_new] = places_.try_emplace(url.text(), page_.images.size());
    if (is_new) page_.images.push_back({url, std::string(trim(title))});
    return place->second;
  }

  void add_link(const net::Url& url) {
    if (is_drawing(url) || is_document(url) || page_.links.size() >= limits_.max_links) return;
    if (link_texts_.insert(url.text()).second) page_.links.push_back(url);
  }

  const PageLimits& limits_;
  const net::Url& url_;
  net::Url base_;
  bool has_base_ = false;
  bool no_follow_ = false;
  HtmlPage page_;
  std::unordered_map<std::string, std::size_t> places_;  // in page_.images
  std::unordered_set<std::string> link_texts_;           // of page_.links
  std::size_t linked_image_ = kNoImage;                  // what the anchor we are in leads to
  int pictures_open_ = 0;
  SrcsetCandidate offered_;  // the largest that the <picture> or <img> we are in has named so far
  std::optional<net::Url> social_image_;
};

}  // namespace

Result<HtmlPage> parse_page(ByteSpan html, const net::Url& url, const PageLimits& limits) {
  const HtmlTree tree(html, limits);
  if (!tree.complete())
    return Failure{"page_too_complex", "is a page that takes too much time or memory to read"};
  PageReader reader(url, limits);
  tree.walk({[&](const GumboElement& element) { reader.enter(element); },
             [&](const GumboElement& element) { reader.leave(element); }});
  return reader.finish();
}

}  // namespace winnow::scraping
