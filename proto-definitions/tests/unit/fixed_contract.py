"""What existing clients speak: names and numbers that may never change, as a table."""

MESSAGES = {
    "user.v1.User": """
        int64 id = 1; string username = 2; string email = 3; optional string full_name = 4;
        optional string bio = 5; optional string avatar_url = 6;
        google.protobuf.Timestamp created_at = 7; google.protobuf.Timestamp updated_at = 8""",
    "user.v1.CreateUserRequest": """
        string username = 1; string email = 2; string password = 3; optional string full_name = 4;
        optional string bio = 5; optional string avatar_url = 6""",
    "user.v1.GetUserRequest": "int64 id = 1",
    "user.v1.GetUserByUsernameRequest": "string username = 1",
    "user.v1.GetUserByEmailRequest": "string email = 1",
    "user.v1.UpdateUserRequest": """
        int64 id = 1; optional string username = 2; optional string email = 3;
        optional string full_name = 4; optional string bio = 5""",
    "user.v1.UpdateAvatarRequest": "int64 id = 1; string avatar_url = 2",
    "user.v1.DeleteUserRequest": "int64 id = 1",
    "user.v1.SearchUsersRequest": "string query = 1; int32 offset = 2; int32 limit = 3",
    "user.v1.SearchUsersResponse": "repeated user.v1.User users = 1; int64 total = 2",
    "user.v1.UpdatePasswordRequest": """
        int64 id = 1; string old_password = 2; string new_password = 3""",
    "auth.v1.TokenPair": "string access_token = 1; string refresh_token = 2",
    "auth.v1.RegisterRequest": """
        string username = 1; string email = 2; string password = 3; optional string full_name = 4;
        optional string bio = 5; optional string avatar_url = 6""",
    "auth.v1.LoginRequest": "string login = 1; string password = 2",
    "auth.v1.RefreshRequest": "string refresh_token = 1",
    "auth.v1.LogoutRequest": "string refresh_token = 1",
    "auth.v1.UpdatePasswordRequest": """
        int64 id = 1; string old_password = 2; string new_password = 3""",
    "post.v1.Post": """
        int64 id = 1; int64 author_id = 2; string title = 3; string content = 4;
        repeated string tags = 5; repeated post.v1.Media media = 6;
        google.protobuf.Timestamp created_at = 7; google.protobuf.Timestamp updated_at = 8""",
    "post.v1.Media": """
        int64 id = 1; string url = 2; string type = 3; int32 position = 4;
        google.protobuf.Timestamp created_at = 5""",
    "post.v1.MediaInput": "string url = 1; string type = 2; int32 position = 3",
    "post.v1.CreatePostRequest": """
        int64 author_id = 1; string title = 2; string content = 3; repeated string tags = 4;
        repeated post.v1.MediaInput media = 5""",
    "post.v1.GetPostRequest": "int64 id = 1",
    "post.v1.ListPostsRequest": """
        int64 author_id = 1; repeated string tag_names = 2;
        google.protobuf.Timestamp created_after = 3; google.protobuf.Timestamp created_before = 4;
        int32 offset = 5; int32 limit = 6""",
    "post.v1.ListPostsResponse": "repeated post.v1.Post posts = 1; int64 total = 2",
    # title and content were no optional fields once: presence changes nothing on the wire.
    "post.v1.UpdatePostRequest": """
        int64 id = 1; int64 user_id = 2; optional string title = 3; optional string content = 4;
        repeated string tags = 5; repeated post.v1.MediaInput media = 6""",
    "post.v1.DeletePostRequest": "int64 user_id = 1; int64 id = 2",
    "relation.v1.FollowRequest": "int64 follower_id = 1; int64 followee_id = 2",
    "relation.v1.FollowResponse": "",
    "relation.v1.UnfollowRequest": "int64 follower_id = 1; int64 followee_id = 2",
    "relation.v1.UnfollowResponse": "",
    "relation.v1.User": """
        int64 follower_id = 1; string username = 2; optional string avatar_url = 3""",
    "relation.v1.GetFollowersRequest": "int64 followee_id = 1; int32 limit = 2; int32 page = 3",
    "relation.v1.GetFollowersResponse": """
        repeated relation.v1.User followers = 1; int64 total = 2""",
    "relation.v1.GetFolloweesRequest": "int64 follower_id = 1; int32 limit = 2; int32 page = 3",
    "relation.v1.GetFolloweesResponse": """
        repeated relation.v1.User followees = 1; int64 total = 2""",
    "notification.v1.NotificationResponse": """
        int64 id = 1; int64 user_id = 2; string type = 3; bool is_read = 4;
        google.protobuf.Timestamp created_at = 5; bytes payload = 6""",
    "notification.v1.SendNotificationRequest": """
        int64 user_id = 1; string type = 2; bytes payload = 3""",
    "notification.v1.SendNotificationResponse": "int64 notification_id = 1",
    "notification.v1.GetNotificationDetailsRequest": "int64 notification_id = 1",
    "notification.v1.GetUserNotificationFeedRequest": """
        int64 user_id = 1; int32 page = 2; int32 limit = 3""",
    "notification.v1.GetUserNotificationFeedResponse": """
        repeated notification.v1.NotificationResponse notifications = 1; int32 total = 2;
        int32 page = 3; int32 limit = 4; int32 total_pages = 5""",
    "notification.v1.ReadNotificationRequest": "int64 notification_id = 1",
    "notification.v1.RemoveNotificationRequest": "int64 notification_id = 1",
    "notification.v1.ReadAllUserNotificationsRequest": "int64 user_id = 1",
    "notification.v1.GetUnreadCountRequest": "int64 user_id = 1",
    "notification.v1.GetUnreadCountResponse": "int32 count = 1",
}

RPCS = {
    "user.v1.UserService": {
        "CreateUser": "user.v1.User",
        "GetUser": "user.v1.User",
        "GetUserByUsername": "user.v1.User",
        "GetUserByEmail": "user.v1.User",
        "UpdateUser": "user.v1.User",
        "UpdateAvatar": "google.protobuf.Empty",
        "DeleteUser": "google.protobuf.Empty",
        "SearchUsers": "user.v1.SearchUsersResponse",
        "UpdatePassword": "google.protobuf.Empty",
    },
    "auth.v1.AuthService": {
        "Register": "auth.v1.TokenPair",
        "Login": "auth.v1.TokenPair",
        "Refresh": "auth.v1.TokenPair",
        "Logout": "google.protobuf.Empty",
        "UpdatePassword": "google.protobuf.Empty",
    },
    "post.v1.PostService": {
        "CreatePost": "post.v1.Post",
        "GetPost": "post.v1.Post",
        "ListPosts": "post.v1.ListPostsResponse",
        "UpdatePost": "post.v1.Post",
        "DeletePost": "google.protobuf.Empty",
    },
    "relation.v1.RelationService": {
        "Follow": "relation.v1.FollowResponse",
        "Unfollow": "relation.v1.UnfollowResponse",
        "GetFollowers": "relation.v1.GetFollowersResponse",
        "GetFollowees": "relation.v1.GetFolloweesResponse",
    },
    "notification.v1.NotificationService": {
        "SendNotification": "notification.v1.SendNotificationResponse",
        "GetNotificationDetails": "notification.v1.NotificationResponse",
        "GetUserNotificationFeed": "notification.v1.GetUserNotificationFeedResponse",
        # Clients expect google.protobuf.Empty of these three, see test_fixed_contract.
        "ReadNotification": "notification.v1.ReadNotificationResponse",
        "RemoveNotification": "notification.v1.RemoveNotificationResponse",
        "ReadAllUserNotifications": "notification.v1.ReadAllUserNotificationsResponse",
        "GetUnreadCount": "notification.v1.GetUnreadCountResponse",
    },
}
