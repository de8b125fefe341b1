"""What the roles may do with the site's content."""

from shopfolio.core.models import (
    BlogPost,
    Certificate,
    ContactMessage,
    Experience,
    Policy,
    Profile,
    Project,
    ProjectPicture,
    Skill,
    Tag,
    Testimonial,
)
from shopfolio.users.roles import Role, grant

grant(
    Role.EDITOR,
    *(BlogPost, Tag, Project, ProjectPicture, Skill, Certificate, Experience, Testimonial, Policy),
)
# Who the owner is by law, and where the site writes to them, needs `core.change_identity_profile` besides.
grant(Role.EDITOR, Profile, may=("view", "change"))
grant(Role.CLERK, ContactMessage, may=("view", "change"))
