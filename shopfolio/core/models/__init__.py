from shopfolio.core.models.audience import ContactMessage, ContactReply, Subscriber, Testimonial
from shopfolio.core.models.blog import BlogPost, Tag
from shopfolio.core.models.csp import CspReport
from shopfolio.core.models.demo import DemoRow
from shopfolio.core.models.policy import Policy
from shopfolio.core.models.portfolio import Project, ProjectPicture
from shopfolio.core.models.resume import Certificate, Experience, Skill
from shopfolio.core.models.search import SearchEntry
from shopfolio.core.models.site import Profile

__all__ = [
    "BlogPost",
    "Certificate",
    "ContactMessage",
    "ContactReply",
    "CspReport",
    "DemoRow",
    "Experience",
    "Policy",
    "Profile",
    "Project",
    "ProjectPicture",
    "SearchEntry",
    "Skill",
    "Subscriber",
    "Tag",
    "Testimonial",
]
